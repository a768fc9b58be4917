/** How figures are written for people: three digits that count, and a letter for the thousands. */
import type { Spread } from './spread.ts';

export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 999_500) return `${digits(value / 1e6)} M`;
  if (size >= 9_995) return `${digits(value / 1e3)} k`;
  return size >= 999.5 ? String(Math.round(value)) : digits(value);
}

export function spreadText({ min, max, p99 }: Spread): string {
  return `${figure(min)} to ${figure(max)}${p99 === undefined ? '' : `, p99 ${figure(p99)}`}`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
