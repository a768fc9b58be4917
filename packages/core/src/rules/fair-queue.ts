/**
 * A waiting line by priority; within a priority fairly among tenants, by their weights; within a tenant by arrival.
 * Whoever waits in it can leave at once, wherever it stands.
 */

/** Priorities go from 0, the most urgent, to 9. */
export const PRIORITIES = 10;

/** Where an item waits: good for {@link FairQueue.remove}. The fields belong to the queue. */
export interface Place<Item> {
  readonly item: Item;
  lane: Lane<Item> | undefined;
  earlier: Place<Item> | undefined;
  later: Place<Item> | undefined;
}

/** What waits of one tenant at one priority, which is never nothing. */
interface Lane<Item> {
  readonly level: Level<Item>;
  readonly tenant: string | undefined;
  readonly weight: number;
  /** In virtual time, when the first of it would be served if all were served at once by their weights. */
  finish: number;
  first: Place<Item> | undefined;
  last: Place<Item> | undefined;
}

/** One priority: lanes in the order of their turn. */
interface Level<Item> {
  readonly bit: number;
  readonly lanes: Map<string | undefined, Lane<Item>>;
  readonly turns: Lane<Item>[];
  /** The finish of what was served last. */
  nowVirtual: number;
}

/**
 * Self-clocked fair queueing (Golestani, 1994) with items of equal cost, below strict priorities. With equal weights it
 * is round robin. A tenant whose lane is empty is forgotten, and gains nothing by that: its last finish is past.
 */
export class FairQueue<Item> {
  readonly #levels: (Level<Item> | undefined)[] = [];
  /** One bit for each priority at which something waits. */
  #occupied = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * @param priority 0 to 9; what is beyond or broken counts as the nearest whole one.
   * @param tenant Default: all that have none are one.
   * @param weight How much of the turns its tenant has against others; it counts from when the tenant has nothing here.
   */
  add(item: Item, priority: number, tenant?: string, weight = 1): Place<Item> {
    const lane = this.#lane(this.#level(priority), tenant, weight);
    const place: Place<Item> = { item, lane, earlier: lane.last, later: undefined };
    if (lane.last === undefined) lane.first = place;
    else lane.last.later = place;
    lane.last = place;
    this.#size += 1;
    return place;
  }

  /**
   * The next one, which waits no more.
   *
   * @param isNewestFirst The last that came of the tenant whose turn it is, instead of the first.
   */
  take(isNewestFirst = false): Item | undefined {
    if (this.#occupied === 0) return undefined;
    const level = this.#levels[31 - Math.clz32(this.#occupied & -this.#occupied)];
    const lane = level?.turns[0];
    const place = isNewestFirst ? lane?.last : lane?.first;
    if (level === undefined || lane === undefined || place === undefined) return undefined;
    level.nowVirtual = lane.finish;
    this.remove(place);
    if (lane.first !== undefined && level.turns.length > 1) {
      level.turns.shift();
      this.#queueUp(lane);
    } else if (lane.first !== undefined) {
      lane.finish += 1 / lane.weight;
    }
    return place.item;
  }

  /** @returns Whether it still waited. */
  remove(place: Place<Item>): boolean {
    const { lane, earlier, later } = place;
    if (lane === undefined) return false;
    if (earlier === undefined) lane.first = later;
    else earlier.later = later;
    if (later === undefined) lane.last = earlier;
    else later.earlier = earlier;
    place.lane = place.earlier = place.later = undefined;
    this.#size -= 1;
    if (lane.first === undefined) this.#forget(lane);
    return true;
  }

  /** What came first, of every tenant and priority. */
  firsts(): Item[] {
    const places = this.#levels.flatMap((level) => level?.turns.map((lane) => lane.first) ?? []);
    return places.filter((place) => place !== undefined).map((place) => place.item);
  }

  /** Takes off those that came first, of every tenant and priority, for as long as they are such. */
  removeFirstWhile(isSuch: (item: Item) => boolean): Item[] {
    const removed: Item[] = [];
    if (this.#size === 0) return removed;
    for (const level of this.#levels) {
      for (const lane of [...(level?.turns ?? [])]) {
        for (let place = lane.first; place !== undefined && isSuch(place.item); place = lane.first) {
          this.remove(place);
          removed.push(place.item);
        }
      }
    }
    return removed;
  }

  #level(priority: number): Level<Item> {
    const index = Math.min(PRIORITIES - 1, Math.max(0, Math.round(priority) || 0));
    const known = this.#levels[index];
    if (known !== undefined) return known;
    const level: Level<Item> = { bit: 1 << index, lanes: new Map(), turns: [], nowVirtual: 0 };
    this.#levels[index] = level;
    return level;
  }

  #lane(level: Level<Item>, tenant: string | undefined, weight: number): Lane<Item> {
    const known = level.lanes.get(tenant);
    if (known !== undefined) return known;
    const lane: Lane<Item> = { level, tenant, weight, finish: 0, first: undefined, last: undefined };
    level.lanes.set(tenant, lane);
    this.#occupied |= level.bit;
    this.#queueUp(lane);
    return lane;
  }

  /** From the end: with equal weights that is where it belongs. */
  #queueUp(lane: Lane<Item>): void {
    const { turns, nowVirtual } = lane.level;
    lane.finish = nowVirtual + 1 / lane.weight;
    let index = turns.length;
    while (index > 0 && (turns[index - 1]?.finish ?? 0) > lane.finish) index -= 1;
    turns.splice(index, 0, lane);
  }

  #forget(lane: Lane<Item>): void {
    const { level } = lane;
    level.lanes.delete(lane.tenant);
    level.turns.splice(level.turns.indexOf(lane), 1);
    if (level.turns.length > 0) return;
    level.nowVirtual = 0;
    this.#occupied &= ~level.bit;
  }
}
