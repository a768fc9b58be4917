import { InvalidConfigError } from 'jaegis';

/** What was given for an option that counts. @throws InvalidConfigError that names it */
export function wholeNumber(given: unknown, option: string, least = 1): number | undefined {
  if (given === undefined) return undefined;
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new InvalidConfigError(`--${option} is ${JSON.stringify(given)}; it must be a whole number from ${least}.`, {
    data: { path: option },
  });
}
