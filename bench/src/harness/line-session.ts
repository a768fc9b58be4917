/**
 * A session in a process of its own, so that heaps and compiled code of entrants do not mix. It is told the size of a
 * round in a line and answers with a line of JSON: `{"value": N}`, or `{"error": "…"}`; `{"ready": true}` comes first.
 * It ends when its input does, so it does not outlive this process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Figures, PeerAbsentError, type Session } from './session.ts';

/** What takes longer has gone wrong. */
const ANSWER_TIMEOUT_MS = 180_000;
const CLOSE_TIMEOUT_MS = 10_000;

interface Answer {
  readonly ready?: boolean;
  readonly value?: Figures;
  readonly error?: string;
}

/** @throws PeerAbsentError when there is no such command on this machine */
export async function openLineSession(command: string, args: readonly string[]): Promise<Session> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const gone = whenGone(child, command);
  gone.catch(() => {}); // told to whoever waits for an answer
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on('error', () => {}); // told by its end
  const answer = async (): Promise<Answer> => {
    const late = setTimeout(() => child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
    try {
      const line = await Promise.race([lines.next(), gone]);
      return line.done ? await gone : read(line.value);
    } finally {
      clearTimeout(late);
    }
  };
  const first = await answer();
  if (first.error !== undefined) throw new Error(first.error);
  return {
    async round(size) {
      child.stdin.write(`${size}\n`);
      const { value, error } = await answer();
      if (value === undefined) throw new Error(error ?? `${command} gave no figure.`);
      return value;
    },
    async close() {
      child.stdin.end();
      const late = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
      await gone.catch(() => {});
      clearTimeout(late);
    },
  };
}

function whenGone(child: ChildProcess, command: string): Promise<never> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-2_000);
  });
  return new Promise((_, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const isAbsent = error.code === 'ENOENT';
      reject(isAbsent ? new PeerAbsentError(`There is no \`${command}\` on this machine.`) : error);
    });
    child.once('close', (code, signal) => reject(new Error(`${command} ended (${code ?? signal}). ${said}`.trim())));
  });
}

function read(line: string): Answer {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // said below
  }
  throw new Error(`No answer can be made of the line ${JSON.stringify(line)}.`);
}
