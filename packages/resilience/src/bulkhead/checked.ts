/** Options of this folder that are numbers: a bad one is refused by its name before anything begins. */
import { InvalidConfigError } from '@jaegis/core';

/** @throws InvalidConfigError whose `data.path` names the option, where it is no whole number of at least `least`. */
export function whole(path: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  return refuse(path, value, `a whole number of at least ${least}`);
}

/** @throws InvalidConfigError as {@link whole}, where it is not above 0. It may be infinite. */
export function positive(path: string, value: number): number {
  return value > 0 ? value : refuse(path, value, 'a number above 0');
}

/** @throws InvalidConfigError as {@link whole}, where it is not within the bounds. */
export function within(path: string, value: number, least: number, most: number): number {
  return value >= least && value <= most ? value : refuse(path, value, `a number from ${least} to ${most}`);
}

function refuse(path: string, value: number, need: string): never {
  throw new InvalidConfigError(`${path} must be ${need}, not ${value}.`, { data: { path, value } });
}
