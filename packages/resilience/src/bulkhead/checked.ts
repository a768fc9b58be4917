/** Options of this folder that are numbers: a bad one is refused by its name before anything begins. */
import { InvalidConfigError } from '@jaegis/core';

/** @throws InvalidConfigError whose `data.path` names the option, where it is no whole number of at least `least`. */
export function whole(path: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  return refuse(path, value, `a whole number of at least ${least}`);
}

/** @throws InvalidConfigError as {@link whole}, where it is not above 0. It may be infinite. */
export function positive(path: string, value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : refuse(path, value, 'a number above 0');
}

/** @throws InvalidConfigError as {@link whole}, where it is not within the bounds. */
export function within(path: string, value: unknown, least: number, most: number): number {
  const isInside = typeof value === 'number' && value >= least && value <= most;
  return isInside ? value : refuse(path, value, `a number from ${least} to ${most}`);
}

function refuse(path: string, value: unknown, need: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new InvalidConfigError(`${path} must be ${need}, not ${shown}.`, { data: { path, value } });
}
