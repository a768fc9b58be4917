/** How a spec is refused: with the place, the value, what is allowed there, and a word that programs can tell it by. */
import { InvalidDefinitionError, type JaegisError } from '@jaegis/core';

/** What is wrong with a spec: OTP's words where OTP has one. In the error's data as `rule`. */
export type SpecRule =
  | 'bad_combination'
  | 'bad_start_spec'
  | 'cyclic'
  | 'duplicate_id'
  | 'invalid_args'
  | 'invalid_auto_shutdown'
  | 'invalid_backoff'
  | 'invalid_child_spec'
  | 'invalid_child_type'
  | 'invalid_id'
  | 'invalid_intensity'
  | 'invalid_period'
  | 'invalid_place'
  | 'invalid_policy'
  | 'invalid_register'
  | 'invalid_restart_type'
  | 'invalid_shutdown'
  | 'invalid_significant'
  | 'invalid_start'
  | 'invalid_start_timeout'
  | 'invalid_strategy'
  | 'invalid_supervisor_spec';

/** Where in which spec: `children[1].restart` of `Supervisor "shop"`. An empty path is the spec itself. */
export interface Place {
  readonly where: string;
  readonly path: string;
}

export function inside(place: Place, name: string): Place {
  return { where: place.where, path: place.path === '' ? name : `${place.path}.${name}` };
}

/** @param allowed Ends the sentence "… is <value>; ". */
export function refusal(place: Place, rule: SpecRule, value: unknown, allowed: string): JaegisError {
  const { where, path } = place;
  const rest = allowed.replace(/\.$/, '');
  const plain = typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol';
  return new InvalidDefinitionError(`${where}: ${path || 'the spec'} is ${show(value)}; ${rest}.`, {
    data: { path, rule, value: plain || value === null ? value : show(value) },
  });
}

const LONGEST = 80;

/** A value as one would write it, cut where it gets long. Never throws. */
export function show(value: unknown): string {
  const text = written(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function written(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  try {
    return (
      (typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : undefined) ?? String(value)
    );
  } catch {
    return 'a value that cannot be shown';
  }
}
