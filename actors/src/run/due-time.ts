/**
 * When durable timers fire. Patterns are read by croner: cron's corners (the last day of a month, daylight saving) are
 * not what JAEGIS exists for.
 */
import { type CronTimes, InvalidTimerError } from '@jaegis/core';
import { Cron } from 'croner';
import type { ScheduleTime } from './contract.ts';
import type { DueTime } from './effect.ts';

/** Ends of what Date can say, in ms since 1970. */
const MAX_TIME_MS = 8.64e15;

/** @throws InvalidTimerError with the path of the bad value. */
export function dueTime(when: ScheduleTime, nowMs: number): DueTime {
  if (typeof when !== 'object' || when === null) throw invalid('', when, 'it must be { at }, { afterMs } or { cron }');
  if ('cron' in when) return { cron: cronTimes(when.cron, when.timezone, nowMs) };
  if ('afterMs' in when) return { atMs: nowMs + number('.afterMs', when.afterMs, 0) };
  if ('at' in when) return { atMs: number('.at', when.at instanceof Date ? when.at.getTime() : when.at, -MAX_TIME_MS) };
  throw invalid('', when, 'it must be { at }, { afterMs } or { cron }');
}

/** @throws InvalidTimerError */
export function timerName(name: string): string {
  if (typeof name === 'string' && name !== '' && name.length <= 256) return name;
  throw new InvalidTimerError(`A timer's name is a text of 1 to 256 characters; this is ${JSON.stringify(name)}.`, {
    data: { path: 'name', value: name },
  });
}

/** The first time of the pattern after this one; undefined when there is none any more. */
export function nextTime({ pattern, timezone = 'UTC' }: CronTimes, afterMs: number): number | undefined {
  return new Cron(pattern, { timezone, paused: true }).nextRun(new Date(afterMs))?.getTime();
}

function cronTimes(pattern: string, timezone: string | undefined, nowMs: number): CronTimes {
  const times: CronTimes = timezone === undefined ? { pattern } : { pattern, timezone };
  let next: number | undefined;
  try {
    next = nextTime(times, nowMs);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(timezone === undefined ? '.cron' : '', { cron: pattern, timezone }, reason, cause);
  }
  if (next === undefined) throw invalid('.cron', pattern, 'it has no time to come');
  return times;
}

function number(path: string, value: unknown, least: number): number {
  if (typeof value === 'number' && value >= least && value <= MAX_TIME_MS) return value;
  throw invalid(path, value, `it must be a number of milliseconds${least === 0 ? ' from 0' : ''}`);
}

function invalid(path: string, value: unknown, why: string, cause?: unknown): Error {
  const shown = value instanceof Date ? 'an invalid Date' : JSON.stringify(value);
  return new InvalidTimerError(`when${path} is ${shown}: ${why}.`, { cause, data: { path: `when${path}`, value } });
}
