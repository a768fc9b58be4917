/** Whether a row's figures reach its goal. */
import type { RowSpec } from './session.ts';
import type { Spread } from './spread.ts';

export type Peers = Readonly<Record<string, Spread>>;

/** The median of ours ÷ the median of each peer's. @throws RangeError when a peer's is 0 */
export function ratiosOf(ours: Spread, peers: Peers): Record<string, number> {
  return Object.fromEntries(
    Object.entries(peers).map(([peer, { median }]) => {
      if (median === 0) throw new RangeError(`The figure of ${peer} is 0, and no ratio can be made of it.`);
      return [peer, ours.median / median];
    }),
  );
}

/** Null when there is no goal, or a peer of it or the p99 is missing and all else is reached. */
export function isMet({ better, goal }: Pick<RowSpec, 'better' | 'goal'>, ours: Spread, peers: Peers): boolean | null {
  const ratios = ratiosOf(ours, peers);
  const verdicts = Object.entries(goal).map(([name, bound = Number.NaN]) => {
    if (name === 'most') return ours.median <= bound;
    if (name === 'below') return ours.median < bound;
    if (name === 'p99Below') return ours.p99 === undefined ? null : ours.p99 < bound;
    const ratio = ratios[name];
    if (ratio === undefined) return null;
    return better === 'higher' ? ratio >= bound : ratio <= bound;
  });
  if (verdicts.includes(false)) return false;
  return verdicts.length === 0 || verdicts.includes(null) ? null : true;
}

/** As the issue would write it: `≥ 25 × nact, ≥ 0.8 × erlang`, `≤ 600 bytes`. */
export function goalText({ better, goal, unit }: Pick<RowSpec, 'better' | 'goal' | 'unit'>): string {
  const parts = Object.entries(goal).map(([name, bound]) => {
    if (name === 'most') return `≤ ${bound} ${unit}`;
    if (name === 'below') return `< ${bound} ${unit}`;
    if (name === 'p99Below') return `p99 < ${bound} ${unit}`;
    return `${better === 'higher' ? '≥' : '≤'} ${bound} × ${name}`;
  });
  return parts.join(', ');
}
