/**
 * Finds out what keeps the event loop of the main thread from turning: V8 lets an inspector session of another thread
 * interrupt it, read, and let it go on. It cannot while the loop is in native code (a synchronous child process): then
 * nothing is known. Nothing of this costs anything while the loop turns.
 */
import { Session } from 'node:inspector';
import { threadId } from 'node:worker_threads';
import type { Culprit } from '@jaegis/core';
import { witnessKey } from './thread-protocol.ts';

const FRAMES = 30;
const MOST_CHARACTERS = 200;

/** What is read there: who runs and in which turn, as `ThreadHeart` has left it, and the stack below this very call. */
const expression = `(() => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = ${FRAMES};
  const stack = String(new Error().stack);
  Error.stackTraceLimit = limit;
  return JSON.stringify([globalThis[Symbol.for('${witnessKey(threadId)}')]?.(), stack]);
})()`;

/**
 * @param turn Which turn of the loop it is that does not end; what is read in another one is nobody's fault.
 * @returns Nothing known: an empty one.
 */
export async function culpritOf(turn: number): Promise<Culprit> {
  const read = await interrupt();
  if (read === undefined) return {};
  const [running, stack] = read;
  if (running?.turn !== turn) return {};
  const at = placeIn(stack);
  return { ...(running.actor === undefined ? {} : { actor: running.actor }), ...(at === undefined ? {} : { at }) };
}

/** Written by the expression above. */
type Reading = readonly [{ readonly actor?: string; readonly turn: number } | null | undefined, string];

function interrupt(): Promise<Reading | undefined> {
  const session = new Session();
  return new Promise<Reading | undefined>((resolve) => {
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (error, answer) => {
      const value: unknown = answer?.result.value;
      resolve(error === null && typeof value === 'string' ? (JSON.parse(value) as Reading) : undefined);
    });
  }).finally(() => session.disconnect());
}

/** The first frame of a stack that is neither Node's own nor ours of the reading: `handle (file:///app/x.ts:3:5)`. */
export function placeIn(stack: string): string | undefined {
  const frames = stack.split('\n').flatMap((line) => /^\s+at (.+)$/.exec(line)?.[1] ?? []);
  const place = frames.find((frame) => !/<anonymous>|\(?node:/.test(frame));
  return place?.slice(0, MOST_CHARACTERS);
}
