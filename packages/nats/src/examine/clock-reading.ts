/** What an answer with a time in it says about the clock of who answered. Pure. */
import type { ClockReading } from './facts.ts';

/**
 * @param time Of the other clock, as ISO 8601. Undefined and what is none: no reading.
 * @param nowMs By our clock when the answer was here.
 * @param tookMs From the question to the answer: the time was read somewhere in between.
 */
export function readingOf(time: string | undefined, nowMs: number, tookMs: number): ClockReading | undefined {
  const theirs = Date.parse(time ?? '');
  if (Number.isNaN(theirs)) return undefined;
  return { aheadMs: theirs - (nowMs - tookMs / 2), withinMs: tookMs / 2 };
}
