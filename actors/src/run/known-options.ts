import { InvalidDefinitionError } from '@jaegis/core';

/**
 * Refuses an option that nobody reads: a misspelt one would be a default that nobody chose.
 *
 * @param where Begins the message: whose options they are.
 * @param path Of the options in what the user wrote; empty for the whole.
 * @throws InvalidDefinitionError with `data` `{ path, rule }`.
 */
export function refuseUnknown(where: string, given: unknown, known: readonly string[], path = ''): void {
  if (typeof given !== 'object' || given === null) return;
  for (const name in given) {
    if (known.includes(name)) continue;
    const full = path === '' ? name : `${path}.${name}`;
    throw new InvalidDefinitionError(`${where}: ${full} is no option; there are ${known.join(', ')}.`, {
      data: { path: full, rule: 'unknown_option' },
    });
  }
}

/** Every name of a type, so that the compiler finds the one that was forgotten. */
export function namesOf<T>(names: Readonly<Record<keyof T, true>>): readonly string[] {
  return Object.keys(names);
}
