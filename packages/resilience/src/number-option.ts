import { InvalidConfigError } from '@jaegis/core';

/** What a number in the options may be. Both ends are allowed, unless it is `above` one. */
export interface Range {
  readonly least?: number;
  readonly above?: number;
  /** Default: any finite number. `Infinity` allows infinity too. */
  readonly most?: number;
  readonly isWhole?: boolean;
}

/** @throws InvalidConfigError with data.path where it is given and not in the range. */
export function checkNumber(path: string, value: number | undefined, range: Range): void {
  if (value === undefined || isIn(value, range)) return;
  throw new InvalidConfigError(`${path} is ${String(value)}; it must be ${words(range)}.`, { data: { path, value } });
}

/** @throws InvalidConfigError with data.path where it is given and no name. */
export function checkName(path: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && value !== '')) return;
  throw new InvalidConfigError(`${path} must be a text that is not empty.`, { data: { path } });
}

/** @throws InvalidConfigError with data.path where it is given and no function. */
export function checkFunction(path: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidConfigError(`${path} must be a function.`, { data: { path } });
}

function isIn(value: number, { least, above, most = Number.MAX_VALUE, isWhole = false }: Range): boolean {
  // Whoever calls from JavaScript may give a text, which would compare as a number.
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  if (isWhole && value !== Number.POSITIVE_INFINITY && !Number.isInteger(value)) return false;
  return value <= most && (least === undefined || value >= least) && (above === undefined || value > above);
}

function words({ least, above, most, isWhole = false }: Range): string {
  const bounds = [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(above === undefined ? [] : [`more than ${above}`]),
    ...(most === undefined || most === Number.POSITIVE_INFINITY ? [] : [`at most ${most}`]),
  ];
  return `a ${isWhole ? 'whole ' : ''}number, ${bounds.join(' and ')}`;
}
