/**
 * How a node that joins comes to its part of the entities: in steps, so that what moves to it is stopped, read and begun
 * again a part at a time. A cluster that is just being formed has nothing to move: there nobody waits.
 */
import type { Member, View } from '../values/view.ts';

/** Of its weight, with which a newcomer begins, and what each step adds. */
export const SHARE_STEP = 0.25;

/** The weight by which a member takes its part now. */
export function presentWeight({ weight = 1, share = 1, draining = false }: Member): number {
  return draining ? 0 : weight * share;
}

/**
 * The member as it joins the view. The first one has all at once, and so has who joins while nobody has settled yet:
 * they bear `share: 1`, which goes when they have settled. Beside one that has, a newcomer begins with a step; beside those
 * that are on their way, as where all have just been started again, with what the last of them has. Who has no weight
 * has nothing to grow to.
 */
export function joining(member: Member, view: View): Member {
  const { share: _, draining: __, ...plain } = member;
  if (plain.weight === 0) return plain;
  const others = view.members.filter((other) => other.id !== member.id && presentWeight(other) > 0);
  const hasSettled = others.some(({ share }) => share === undefined);
  return { ...plain, share: hasSettled ? SHARE_STEP : Math.min(1, ...others.map(({ share = 1 }) => share)) };
}

/** The share one step later; undefined: all of it, and the member has settled. */
export function grown(share: number): number | undefined {
  return share + SHARE_STEP < 1 ? share + SHARE_STEP : undefined;
}
