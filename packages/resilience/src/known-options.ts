import { InvalidConfigError } from '@jaegis/core';

/** Every name of a type, so that the compiler finds the one that was forgotten. */
export function namesOf<Options>(names: Readonly<Record<keyof Options, true>>): readonly string[] {
  return Object.keys(names);
}

/**
 * Refuses an option that nobody reads: a misspelt one would be a protection that is not there.
 *
 * @param path Of the options in what the user wrote; empty for the whole.
 * @throws InvalidConfigError with `data.path`, also where they are no object.
 */
export function checkOptions(path: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidConfigError(`${path || 'The options'} must be an object of ${known.join(', ')}.`, {
      data: { path },
    });
  }
  for (const name in given) {
    if (known.includes(name)) continue;
    const full = path === '' ? name : `${path}.${name}`;
    throw new InvalidConfigError(`${full} is no option; there are ${known.join(', ')}.`, {
      data: { path: full, rule: 'unknown_option' },
    });
  }
}
