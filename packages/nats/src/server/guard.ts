/**
 * A program of its own: starts servers on order and sees to it that they do not outlive the process that wants them.
 * When its standard input ends, however that process ended, it kills them, removes the folder given as argument and
 * goes. It is started detached, so that Ctrl-C in a terminal reaches only the other, which then orders the stop.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { GuardNews, GuardOrder } from './guard-protocol.ts';

const folder = process.argv[2];
const running = new Map<number, ChildProcess>();
let ending = false;

function tell(news: GuardNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}

function start(id: number, command: string, args: readonly string[]): void {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  running.set(id, child);
  if (child.pid !== undefined) tell({ news: 'started', id, pid: child.pid });
  if (child.stderr !== null) createInterface(child.stderr).on('line', (line) => tell({ news: 'line', id, line }));
  let problem: Error | undefined;
  child.on('error', (error) => {
    problem = error;
  });
  // Not `exit`: the last lines come first.
  child.on('close', (code, signal) => {
    running.delete(id);
    const end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
    tell({ news: 'ended', id, how: problem === undefined ? end : `could not be started (${problem.message})` });
    if (ending) leaveWhenAlone();
  });
}

function obey(line: string): void {
  // Only guard-link.ts writes here.
  const order = JSON.parse(line) as GuardOrder;
  if (order.order === 'start') start(order.id, order.command, order.args);
  else running.get(order.id)?.kill(order.signal);
}

function end(): void {
  ending = true;
  killAll();
  leaveWhenAlone();
}

function killAll(): void {
  for (const child of running.values()) child.kill('SIGKILL');
}

function leaveWhenAlone(): void {
  if (running.size > 0) return;
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.exit(0);
}

// The other process may be gone while we still tell it something.
process.stdout.on('error', () => {});
process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
createInterface(process.stdin).on('line', obey).on('close', end);
