/**
 * Who watches whom, from the view alone: the members on so many rings, each in an order of its own by hash, and on each
 * ring everybody watches the next one (the expander of Rapid, Suresh and others 2018). What a node has to watch does not
 * grow with the cluster; every ring goes through all members, so nobody is watched only by those that fail with him; and
 * a member that comes or goes changes two neighbours on each ring and nothing else.
 */
import type { NodeId } from '../values/node-id.ts';
import type { Member, View } from '../values/view.ts';
import { hash32 } from './rendezvous.ts';

/** Rings, as in Rapid: with ten, a quarter of the members may fail at once and all of them are noticed. */
export const watchRings = 10;

/**
 * The members that this one watches: all others, where they are no more than rings. Two rings may name the same one. Who
 * is not in the view is told whom it would watch.
 */
export function subjectsOf(id: NodeId, view: View, rings: number = watchRings): Member[] {
  return neighbours(id, view, rings, 1);
}

/** The members that watch this one. */
export function observersOf(id: NodeId, view: View, rings: number = watchRings): Member[] {
  return neighbours(id, view, rings, -1);
}

interface Placed {
  readonly member: Member;
  readonly hash: number;
}

function neighbours(id: NodeId, { members }: View, rings: number, way: 1 | -1): Member[] {
  const others = members.filter((member) => member.id !== id);
  if (others.length <= rings) return others;
  const placed = others.map((member) => ({ member, hash: hash32(member.id) }));
  const own = hash32(id);
  const found = new Set<Member>();
  for (let ring = 0; ring < rings; ring++) found.add(nextOn(ring, id, own, placed, way));
  return others.filter((member) => found.has(member));
}

/** The one with the smallest way round the ring from here. */
function nextOn(ring: number, id: NodeId, own: number, others: readonly Placed[], way: 1 | -1): Member {
  const from = placeOn(ring, own);
  let [nearest] = others as readonly [Placed, ...Placed[]]; // more than there are rings
  let nearestSteps = Number.POSITIVE_INFINITY;
  for (const other of others) {
    const place = placeOn(ring, other.hash);
    // At one place they stand in the order of their names.
    const isAhead = place === from && (way === 1 ? other.member.id > id : other.member.id < id);
    const steps = isAhead ? 0 : around(way * (place - from));
    const isNearer = steps < nearestSteps || (steps === nearestSteps && isBefore(other, nearest, way));
    if (!isNearer) continue;
    nearest = other;
    nearestSteps = steps;
  }
  return nearest.member;
}

function isBefore(a: Placed, b: Placed, way: 1 | -1): boolean {
  return way === 1 ? a.member.id < b.member.id : a.member.id > b.member.id;
}

/** How far it is, the way round; from a place to itself once round. */
function around(distance: number): number {
  return distance <= 0 ? distance + 2 ** 32 : distance;
}

/** Each ring mixes the hash of a name in its own way (the finish of MurmurHash3). */
function placeOn(ring: number, hash: number): number {
  let mixed = hash ^ Math.imul(ring + 1, 0x9e3779b9);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
