/** Quantities and times as people read them. */
import colors from 'picocolors';

/** `1.5 MB`. */
export function bytes(count: number): string {
  if (count < 1_000) return `${count} B`;
  for (const [unit, size] of [
    ['KB', 1e3],
    ['MB', 1e6],
  ] as const) {
    if (count < size * 1_000) return `${rounded(count / size)} ${unit}`;
  }
  return `${rounded(count / 1e9)} GB`;
}

/** `12.5`, `1,234`. */
export function rounded(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 10) / 10);
}

export function percent(share: number): string {
  return `${rounded(share * 100)} %`;
}

/** The time of the day where it is today, with the date where it is not. By the clock and the zone of this machine. */
export function clockTime(ms: number, nowMs: number): string {
  const [date, now] = [new Date(ms), new Date(nowMs)];
  const two = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

/** `3.2 s`, `5 min`, `2 h`, `4 d`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${rounded(ms / 1_000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`;
}

/** Each node that did not answer, and why; nothing where all did. */
export function missingNodes(
  missing: readonly { readonly node: string; readonly error: { readonly message: string } }[],
) {
  return missing.map(({ node, error }) => colors.red(`${node} is not in this: ${error.message}`));
}
