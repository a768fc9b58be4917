/** The state of a circuit breaker as plain data. */
import { type BreakerWindowData, InvalidConfigError } from '@jaegis/core';
import type { BreakerStateValue } from '@jaegis/machines';

/** Times are relative, in ms, so that it can be resumed by a process whose clock shows another time. */
export interface BreakerSnapshot {
  readonly version: 1;
  readonly state: BreakerStateValue;
  /** Where it is open: how long until it lets a probe through. */
  readonly waitMs: number;
  /** Where it is half-open: probes in a row that went well. */
  readonly successes: number;
  readonly window: BreakerWindowData;
}

/** Of several breakers, by what tells them apart. */
export interface BreakersSnapshot {
  readonly version: 1;
  readonly breakers: readonly (readonly [key: string, breaker: BreakerSnapshot])[];
}

const states: Readonly<Record<BreakerStateValue, true>> = {
  closed: true,
  open: true,
  half_open: true,
  forced_open: true,
  forced_closed: true,
  disabled: true,
};

/** @throws InvalidConfigError where it is not what `export` gives: it may come from a file or another version. */
export function checkSnapshot(snapshot: BreakerSnapshot): void {
  check(typeof snapshot === 'object' && snapshot !== null, 'it', snapshot);
  const { version, state, waitMs, successes, window } = snapshot;
  check(version === 1, 'version', version);
  check(Object.hasOwn(states, state), 'state', state);
  check(isAmount(waitMs), 'waitMs', waitMs);
  check(isAmount(successes) && Number.isInteger(successes), 'successes', successes);
  check(typeof window === 'object' && window !== null && Array.isArray(window.counts), 'window', window);
  check(isAmount(window.bucketMs), 'window.bucketMs', window.bucketMs);
  check(isAmount(window.ageMs), 'window.ageMs', window.ageMs);
  check(window.counts.every(isAmount), 'window.counts', window.counts);
}

/**
 * Has each breaker go on from its own.
 * @throws InvalidConfigError where it is not what they export; then all stay as they are.
 */
export function resumeBreakers(snapshot: BreakersSnapshot, agoMs: number, get: (key: string) => Resumed): void {
  const { version, breakers } = Object(snapshot) as Partial<BreakersSnapshot>; // seen through here
  check(version === 1, 'version', version);
  check(Array.isArray(breakers), 'breakers', breakers);
  for (const pair of breakers ?? []) {
    check(Array.isArray(pair) && typeof pair[0] === 'string', 'breakers', pair);
    checkSnapshot(pair[1]);
  }
  for (const [key, each] of breakers ?? []) get(key).import(each, agoMs);
}

interface Resumed {
  import(snapshot: BreakerSnapshot, agoMs: number): void;
}

const isAmount = (value: unknown) => typeof value === 'number' && value >= 0 && Number.isFinite(value);

function check(isUsable: boolean, name: string, value: unknown): void {
  if (isUsable) return;
  throw new InvalidConfigError(`The exported state of a breaker is not usable: ${name} is ${String(value)}.`, {
    data: { path: `breaker.state.${name}` },
  });
}
