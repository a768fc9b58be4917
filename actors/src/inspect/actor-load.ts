/** What actors did in a stretch of time, by their counters before and after it. */
import type { ActorCell } from '../run/actor-cell.ts';

export interface ActorLoad {
  readonly address: string;
  readonly type: string;
  /** Messages that wait. */
  readonly mailbox: number;
  readonly handledPerS: number;
  /** Of the time of the event loop, 0 to 1. */
  readonly busy: number;
}

export interface Load {
  readonly actors: number;
  readonly entities: number;
  /** Messages that wait in all mailboxes. */
  readonly waiting: number;
  readonly handledPerS: number;
  /** The share of time that handlers had of the event loop, 0 to 1. */
  readonly busy: number;
  /** Those with the most work, by the time that they took, then by what they handled, then by what waits for them. */
  readonly busiest: readonly ActorLoad[];
}

interface Counts {
  readonly handled: number;
  readonly busyMs: number;
}

export type Counters = ReadonlyMap<ActorCell, Counts>;

export function countersOf(cells: Iterable<ActorCell>): Counters {
  const counters = new Map<ActorCell, Counts>();
  for (const cell of cells) counters.set(cell, { handled: cell.handled, busyMs: cell.busyMs });
  return counters;
}

const nothing: Counts = { handled: 0, busyMs: 0 };

/** @param most Actors that are named. */
export function loadSince(before: Counters, cells: Iterable<ActorCell>, ms: number, most: number): Load {
  const sum = { actors: 0, entities: 0, waiting: 0, handled: 0, busyMs: 0 };
  const working: { cell: ActorCell; handled: number; busyMs: number }[] = [];
  for (const cell of cells) {
    const was = before.get(cell) ?? nothing;
    const [handled, busyMs] = [cell.handled - was.handled, cell.busyMs - was.busyMs];
    if (cell.home.kind === 'entity') sum.entities++;
    else sum.actors++;
    sum.waiting += cell.length;
    sum.handled += handled;
    sum.busyMs += busyMs;
    if (handled > 0 || busyMs > 0 || cell.length > 0) working.push({ cell, handled, busyMs });
  }
  working.sort((a, b) => b.busyMs - a.busyMs || b.handled - a.handled || b.cell.length - a.cell.length);
  const perS = (count: number) => rounded((count * 1_000) / ms);
  const busiest = working.slice(0, most).map(({ cell, handled, busyMs }) => ({
    address: cell.address,
    type: cell.kind.type,
    mailbox: cell.length,
    handledPerS: perS(handled),
    busy: rounded(busyMs / ms),
  }));
  const { actors, entities, waiting } = sum;
  return { actors, entities, waiting, handledPerS: perS(sum.handled), busy: rounded(sum.busyMs / ms), busiest };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
