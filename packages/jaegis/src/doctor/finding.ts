/** What an examination of a cluster found, said so that whoever runs it knows what it means and what to do. */

/** `unknown`: it could not be looked at; another finding says why. It counts neither way. */
export type Level = 'ok' | 'warn' | 'fail' | 'unknown';

export interface Finding {
  readonly level: Level;
  /** What it is about: `server nats://a:4222`, `stream JAEGIS_shop_TURNS`. */
  readonly about: string;
  /** A sentence without its full stop. */
  readonly found: string;
  /** What follows from it. Missing where it is ok. */
  readonly means?: string;
  /** What to do. Missing where it is ok. */
  readonly mend?: string;
}

/** `fail` before `warn` before `ok`. */
export function worstOf(findings: readonly Finding[]): 'ok' | 'warn' | 'fail' {
  const has = (level: Level) => findings.some((finding) => finding.level === level);
  if (has('fail')) return 'fail';
  return has('warn') ? 'warn' : 'ok';
}

export function ok(about: string, found: string): Finding {
  return { level: 'ok', about, found };
}

export function bad(level: Exclude<Level, 'ok'>, about: string, found: string, means: string, mend: string): Finding {
  return { level, about, found, means, mend };
}

/** `3 servers`, `1 server`. */
export function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
