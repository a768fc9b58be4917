/** The checks of single fields that specs are made of. Each returns what it was given, now of a known type. */
import {
  backoffResetMs,
  type ChildPlace,
  isToken,
  limits,
  type RestartBackoff,
  type RestartLimit,
  type Shutdown,
  tokenRule,
} from '@jaegis/core';
import type { DoorOption } from '../door/door-policy.ts';
import { namesOf, refuseUnknown } from '../run/known-options.ts';
import { inside, type Place, refusal, type SpecRule } from './spec-error.ts';

/** A backoff with nothing left open. */
export type FullRestartBackoff = Required<RestartBackoff>;

/** What is claimed to be a `Claimed` and may be anything. */
export type Fields<Claimed> = { readonly [Name in keyof Claimed]?: unknown };

export function fields<Claimed>(place: Place, rule: SpecRule, value: unknown): Fields<Claimed> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw refusal(place, rule, value, 'it must be an object');
}

/** @param names Every one that it may have. */
export function noOthers<Claimed>(
  { where, path }: Place,
  given: Fields<Claimed>,
  names: Readonly<Record<keyof Claimed, true>>,
): void {
  refuseUnknown(where, given, namesOf(names), path);
}

export function oneOf<T extends string>(place: Place, rule: SpecRule, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw refusal(place, rule, value, `it can be ${allowed.join(', ')}`);
  return found;
}

export function boolean(place: Place, rule: SpecRule, value: unknown): boolean {
  if (typeof value !== 'boolean') throw refusal(place, rule, value, 'it can be true or false');
  return value;
}

/** Whole, from `least`. */
export function wholeNumber(place: Place, rule: SpecRule, value: unknown, least: number): number {
  if (!isWhole(value, least)) throw refusal(place, rule, value, `it must be a whole number from ${least}`);
  return value;
}

/** Whole, from `least`, or `Infinity`. */
export function count(place: Place, rule: SpecRule, value: unknown, least: number): number {
  if (value === Number.POSITIVE_INFINITY || isWhole(value, least)) return value;
  throw refusal(place, rule, value, `it must be a whole number from ${least}, or Infinity`);
}

export function shutdown(place: Place, value: unknown): Shutdown {
  if (value === 'infinity' || value === 'brutal' || isWhole(value, 0)) return value;
  throw refusal(place, 'invalid_shutdown', value, 'it can be milliseconds (a whole number from 0), infinity, brutal');
}

const backoffNames = { minMs: true, maxMs: true, factor: true, jitter: true, resetAfterMs: true } as const;

export function backoff(place: Place, value: unknown): FullRestartBackoff | undefined {
  if (value === undefined) return undefined;
  const given = fields<RestartBackoff>(place, 'invalid_backoff', value);
  noOthers(place, given, backoffNames);
  const between = (name: keyof RestartBackoff, found: unknown, least: number, most = Number.MAX_VALUE) => {
    if (typeof found === 'number' && found >= least && found <= most) return found;
    const range = most === Number.MAX_VALUE ? `a finite number from ${least}` : `a number from ${least} to ${most}`;
    throw refusal(inside(place, name), 'invalid_backoff', found, `it must be ${range}`);
  };
  const minMs = between('minMs', given.minMs, 0);
  const maxMs = between('maxMs', given.maxMs, minMs);
  const { factor = 2, jitter = 0.2, resetAfterMs = backoffResetMs({ minMs, maxMs }) } = given;
  return {
    minMs,
    maxMs,
    factor: between('factor', factor, 1),
    jitter: between('jitter', jitter, 0, 1),
    resetAfterMs: between('resetAfterMs', resetAfterMs, 0),
  };
}

const placeNames = { node: true, labels: true, other: true } as const;

export function childPlace(place: Place, value: unknown): ChildPlace | undefined {
  if (value === undefined) return undefined;
  const given = fields<ChildPlace>(place, 'invalid_place', value);
  noOthers(place, given, placeNames);
  const { node, labels = [], other = false } = given;
  if (node !== undefined && !isToken(node)) throw refusal(inside(place, 'node'), 'invalid_place', node, tokenRule);
  if (!Array.isArray(labels) || !labels.every(isToken)) {
    throw refusal(inside(place, 'labels'), 'invalid_place', labels, 'it must be a list of labels');
  }
  const rest = { labels: labels.filter(isToken), other: boolean(inside(place, 'other'), 'invalid_place', other) };
  return node === undefined ? rest : { node, ...rest };
}

/** What is in it is for whoever makes policies to check. */
export function doorOption(place: Place, value: unknown): DoorOption | undefined {
  return value === undefined ? undefined : (fields(place, 'invalid_policy', value) as DoorOption);
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least; // isSafeInteger is true of numbers only
}

/** The limit of the root of a node. @throws InvalidDefinitionError */
export function checkLimit(where: string, given: Partial<RestartLimit>): RestartLimit {
  const { intensity = limits.restartIntensity, periodMs = limits.restartPeriodMs } = given;
  const place = { where, path: '' };
  noOthers(place, given, { intensity: true, periodMs: true });
  return {
    intensity: count(inside(place, 'intensity'), 'invalid_intensity', intensity, 0),
    periodMs: count(inside(place, 'periodMs'), 'invalid_period', periodMs, 1),
  };
}
