/** Whether a row's figures reach its goal. */
import type { Goal, RowSpec } from './session.ts';
import type { Spread } from './spread.ts';

export type Peers = Readonly<Record<string, Spread>>;

/** The median of ours ÷ the median of each peer's. */
export function ratiosOf(ours: Spread, peers: Peers): Record<string, number> {
  return Object.fromEntries(Object.entries(peers).map(([peer, { median }]) => [peer, ours.median / median]));
}

/** Null when a peer of the goal is missing and all else is reached. */
export function isMet({ better, goal }: Pick<RowSpec, 'better' | 'goal'>, ours: Spread, peers: Peers): boolean | null {
  const ratios = ratiosOf(ours, peers);
  const verdicts = Object.entries(goal).map(([name, bound = Number.NaN]) => {
    if (name === 'most') return ours.median <= bound;
    if (name === 'below') return ours.median < bound;
    const ratio = ratios[name];
    if (ratio === undefined) return null;
    return better === 'higher' ? ratio >= bound : ratio <= bound;
  });
  if (verdicts.includes(false)) return false;
  return verdicts.includes(null) ? null : true;
}

/** As the issue would write it: `≥ 25 × nact, ≥ 0.8 × erlang`, `≤ 600 bytes`. */
export function goalText({ better, goal, unit }: Pick<RowSpec, 'better' | 'goal' | 'unit'>): string {
  const parts = Object.entries(goal).map(([name, bound]) => {
    if (name === 'most') return `≤ ${bound} ${unit}`;
    if (name === 'below') return `< ${bound} ${unit}`;
    return `${better === 'higher' ? '≥' : '≤'} ${bound} × ${name}`;
  });
  return parts.join(', ');
}

/** The names in a goal that are peers'. */
export function peersOf(goal: Goal): string[] {
  return Object.keys(goal).filter((name) => name !== 'most' && name !== 'below');
}
