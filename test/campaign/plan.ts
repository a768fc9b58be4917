/** What happens to a cluster in one run: decided by a seed before it begins, so that a part of it can be tried alone. */
import { SeededRandom } from '@jaegis/sim';

interface Times {
  /** Since the cluster was up. */
  readonly atMs: number;
  /** Until it is over, or what it ended is begun again. */
  readonly forMs: number;
}

interface OfNode extends Times {
  readonly node: string;
}

export type Fault =
  /** The process dies, and is started again. */
  | ({ readonly kind: 'crash' } & OfNode)
  /** All processes die, and are started again one after the other. */
  | ({ readonly kind: 'blackout' } & Times)
  /** The node leaves in order, and comes back. */
  | ({ readonly kind: 'restart' } & OfNode)
  /** The process stands still. `unsent`: just before it would have written to its socket. */
  | ({ readonly kind: 'hang'; readonly unsent: boolean } & OfNode)
  /** The event loop stands still, and the thread beside it goes on. */
  | ({ readonly kind: 'stall' } & OfNode)
  | ({ readonly kind: 'disconnect' } & OfNode)
  /** The connection of its actors loses what they say, and that of its heart works. */
  | ({ readonly kind: 'cut path' } & OfNode)
  /** The connection takes what goes this way and gives nothing on; in the end it breaks, or gives all back at once. */
  | ({ readonly kind: 'swallow'; readonly way: Way; readonly breaks: boolean } & OfNode)
  /** What these send does not reach those. */
  | ({ readonly kind: 'cut'; readonly from: readonly string[]; readonly to: readonly string[] } & Times)
  /** These and all others do not hear each other. */
  | ({ readonly kind: 'partition'; readonly nodes: readonly string[] } & Times)
  | ({ readonly kind: 'loss'; readonly nodes: readonly string[]; readonly share: number } & Times)
  | ({ readonly kind: 'slow'; readonly nodes: readonly string[]; readonly maxMs: number } & Times)
  /** Its clock runs faster or slower. */
  | ({ readonly kind: 'drift'; readonly rate: number } & OfNode)
  /** Its wall clock is set wrong, and right again. */
  | ({ readonly kind: 'jump'; readonly byMs: number } & OfNode)
  /** One stream, or all of them, have no leader. `restarts`: the servers forget what they only knew. */
  | ({ readonly kind: 'election'; readonly stream: string; readonly restarts: boolean } & Times)
  /** The answers to the next writes do not arrive. */
  | ({ readonly kind: 'lost answers'; readonly count: number } & Times);

export type FaultKind = Fault['kind'];
export type Way = 'up' | 'down' | 'both';

export interface Plan {
  readonly seed: number;
  readonly members: readonly string[];
  readonly clients: readonly string[];
  /** How long faults come. */
  readonly safetyMs: number;
  readonly faults: readonly Fault[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly nodes: number;
  /** Default 30,000. */
  readonly safetyMs?: number;
  /** Default: as the seed has it. */
  readonly kinds?: readonly FaultKind[];
}

export const everyStream = '*';
const streams = [everyStream, everyStream, 'TURNS', 'INBOX', 'HEALTH'] as const;

/** In the rough order of how often they are worth it. */
export const faultKinds: readonly FaultKind[] = [
  'crash',
  'hang',
  'election',
  'loss',
  'cut',
  'partition',
  'swallow',
  'disconnect',
  'restart',
  'slow',
  'drift',
  'jump',
  'stall',
  'cut path',
  'lost answers',
  'blackout',
];
const CLIENTS = 3;
const MOST_FAULTS = 9;
/** Per this many nodes one more fault. */
const NODES_PER_FAULT = 10;
/** Of what lasts. */
const SHORTEST_MS = 100;
const LONGEST_MS = 10_000;
const ELECTION_MS = [4_000, 9_000] as const;

/** Which kinds there are is chosen first: what each excludes lets the others go further (swarm testing, Groce et al. 2012). */
export function makePlan({ seed, nodes, safetyMs = 30_000, kinds }: PlanOptions): Plan {
  const random = new SeededRandom(`${seed}/plan`);
  const members = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  const clients = Array.from({ length: CLIENTS }, (_, index) => `c${index + 1}`);
  const chance = new Chance(random);
  const chosen = kinds ?? chance.some(faultKinds);
  const count = 1 + chance.below(MOST_FAULTS);
  const scene = { members, everybody: [...members, ...clients], safetyMs };
  const faults = Array.from({ length: count }, () => makeFault(chance.one(chosen), scene, chance));
  // What befalls all of a large cluster does not befall it more often.
  const ofSome = chosen.filter((kind) => kind !== 'blackout');
  const more = ofSome.length === 0 ? 0 : Math.floor(nodes / NODES_PER_FAULT);
  for (let added = 0; added < more; added++) faults.push(makeFault(chance.one(ofSome), scene, chance));
  return { seed, members, clients, safetyMs, faults: faults.sort((a, b) => a.atMs - b.atMs) };
}

interface Scene {
  readonly members: readonly string[];
  readonly everybody: readonly string[];
  readonly safetyMs: number;
}

function makeFault(kind: FaultKind, { members, everybody, safetyMs }: Scene, chance: Chance): Fault {
  const times = { atMs: chance.between(0, safetyMs * 0.9), forMs: chance.duration(SHORTEST_MS, LONGEST_MS) };
  const member = { ...times, node: chance.one(members) };
  switch (kind) {
    case 'crash':
    case 'restart':
    case 'stall':
    case 'cut path':
      return { kind, ...member };
    case 'blackout':
      return { kind, ...times };
    case 'hang':
      return { kind, ...member, unsent: chance.isLess(0.5) };
    case 'disconnect':
      return { kind, ...times, node: chance.one(everybody) };
    case 'swallow':
      return {
        kind,
        ...times,
        node: chance.one(everybody),
        way: chance.one(['up', 'down', 'both']),
        breaks: chance.isLess(0.5),
      };
    case 'cut':
      return { kind, ...times, from: chance.some(members), to: chance.some(members) };
    case 'partition':
      return { kind, ...times, nodes: chance.some(members) };
    case 'loss':
      return { kind, ...times, nodes: chance.some(everybody), share: chance.one([0.02, 0.1, 0.3, 0.6]) };
    case 'slow':
      return { kind, ...times, nodes: chance.some(everybody), maxMs: chance.one([20, 100, 400]) };
    case 'drift':
      return { kind, ...member, rate: chance.one([0.9, 0.98, 1.02, 1.1]) };
    case 'jump':
      return { kind, ...member, byMs: chance.between(-20_000, 20_000) };
    case 'election':
      return {
        kind,
        atMs: times.atMs,
        forMs: chance.between(...ELECTION_MS),
        stream: chance.one(streams),
        restarts: chance.isLess(0.3),
      };
    case 'lost answers':
      return { kind, atMs: times.atMs, forMs: 0, count: 1 + chance.below(5) };
  }
}

/** Draws from what a seed gives. */
export class Chance {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  isLess(share: number): boolean {
    return this.#random.next() < share;
  }

  below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  /** Whole. */
  between(least: number, most: number): number {
    return Math.round(least + this.#random.next() * (most - least));
  }

  /** Short ones are as likely as long ones, by their order of magnitude. */
  duration(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.#random.next());
  }

  one<Item>(list: readonly Item[]): Item {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new Error('nothing to choose from');
    return item;
  }

  /** At least one, in their order. */
  some<Item>(list: readonly Item[]): Item[] {
    const share = this.#random.next();
    const chosen = list.filter(() => this.isLess(share));
    return chosen.length > 0 ? chosen : [this.one(list)];
  }
}

/** As a person reads it. */
export function describeFault(fault: Fault): string {
  const { kind, atMs, forMs, ...rest } = fault;
  const details = Object.entries(rest).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join('+') : value}`,
  );
  return `${kind}${details.length > 0 ? ` (${details.join(', ')})` : ''} at ${seconds(atMs)} for ${seconds(forMs)}`;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}
