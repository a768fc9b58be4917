/** Programs of the project as processes of their own, for end-to-end tests. None outlives its test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Program {
  readonly process: ChildProcess;
  /** Both outputs so far. */
  output(): string;
  /** Resolves with the exit code, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Resolves when the output holds the text; rejects when the program ends before. */
  said(text: string): Promise<void>;
}

/** Runs a source file of the project with this Node, and these variables besides its own. Without colours, also in CI. */
export function runProgram(path: string, flags: readonly string[], variables: NodeJS.ProcessEnv = {}): Program {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: '1', ...variables },
  });
  let output = '';
  const { promise: ended, resolve } = Promise.withResolvers<number | NodeJS.Signals>();
  child.once('exit', (code, signal) => resolve(code ?? signal ?? 1));
  const said = (text: string) =>
    new Promise<void>((found, failed) => {
      const look = () => {
        if (output.includes(text)) found();
      };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
      void ended.then(() =>
        output.includes(text) ? found() : failed(new Error(`ended before "${text}":\n${output}`)),
      );
      look();
    });
  for (const stream of [child.stdout, child.stderr]) {
    stream.prependListener('data', (data: Buffer) => {
      output += data.toString();
    });
  }
  onTestFinished(() => void child.kill('SIGKILL'));
  return { process: child, output: () => output, ended, said };
}

/** Ids of all processes that descend from this one. Read before the parent dies: orphans change their parent. */
export function descendants(pid: number): number[] {
  const children = processes().filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child.pid, ...descendants(child.pid)]);
}

/** Those of the ids that still run; a zombie does not. */
export function stillRunning(pids: readonly number[]): number[] {
  const running = new Set(processes().map(({ pid }) => pid));
  return pids.filter((pid) => running.has(pid));
}

function processes(): { pid: number; parent: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [state, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
        return state === 'Z' || parent === undefined ? [] : [{ pid: Number(name), parent: Number(parent) }];
      } catch {
        return []; // it ended meanwhile
      }
    });
}
