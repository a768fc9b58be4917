import type { Clock, Timer } from '../ports/clock.ts';

/** Something that must be done by a time. The fields belong to {@link Deadlines}. */
export interface Expiring {
  dueMs: number;
  earlier: Expiring | undefined;
  later: Expiring | undefined;
  lane: DeadlineLane | undefined;
  /** Its time is up. It has been taken off. */
  expire(): void;
}

/** What waits equally long, so that the first to come is the first due. */
export interface DeadlineLane {
  readonly waitMs: number;
  first: Expiring | undefined;
  last: Expiring | undefined;
  timer: Timer | undefined;
}

/** More different waits than this share one timer each for themselves. */
const MOST_LANES = 32;
/**
 * No timer is set for longer, in ms: the timer of what was done in time stays, and keeps a process alive that has nothing
 * else to do.
 */
const LONGEST_MS = 1_000;

/**
 * Deadlines by the million, of which nearly all are met: asks mostly wait equally long, so each length of wait is one
 * list in the order of time with one timer for its head. Adding and taking off cost no timer.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #run: (expire: () => void) => void;
  readonly #lanes = new Map<number, DeadlineLane>();

  /** @param run Runs what expires, so that it may be kept apart from whoever began to wait. Default: as it is. */
  constructor(clock: Clock, run: (expire: () => void) => void = (expire) => expire()) {
    this.#clock = clock;
    this.#run = run;
  }

  add(item: Expiring, waitMs: number): void {
    const lane = this.#lane(waitMs);
    item.dueMs = this.#clock.monotonic() + waitMs;
    item.lane = lane;
    item.earlier = lane.last;
    item.later = undefined;
    if (lane.last) lane.last.later = item;
    else lane.first = item;
    lane.last = item;
    if (!lane.timer) this.#arm(lane, waitMs);
  }

  remove(item: Expiring): void {
    const { lane, earlier, later } = item;
    if (!lane) return;
    if (earlier) earlier.later = later;
    else lane.first = later;
    if (later) later.earlier = earlier;
    else lane.last = earlier;
    item.lane = item.earlier = item.later = undefined;
    if (!lane.first && this.#lanes.get(lane.waitMs) !== lane) this.#disarm(lane);
  }

  /** Forgets all that waits. */
  close(): void {
    for (const lane of this.#lanes.values()) this.#disarm(lane);
    this.#lanes.clear();
  }

  #lane(waitMs: number): DeadlineLane {
    const known = this.#lanes.get(waitMs);
    if (known) return known;
    const lane: DeadlineLane = { waitMs, first: undefined, last: undefined, timer: undefined };
    if (this.#lanes.size >= MOST_LANES) this.#dropEmpty();
    if (this.#lanes.size < MOST_LANES) this.#lanes.set(waitMs, lane);
    return lane;
  }

  #dropEmpty(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.first) continue;
      this.#disarm(lane);
      this.#lanes.delete(lane.waitMs);
    }
  }

  #arm(lane: DeadlineLane, inMs: number): void {
    lane.timer = this.#clock.setTimer(Math.min(inMs, LONGEST_MS), () => this.#run(() => this.#fire(lane)));
  }

  #disarm(lane: DeadlineLane): void {
    this.#clock.clearTimer(lane.timer);
    lane.timer = undefined;
  }

  /** Its timer stays in place meanwhile, so that what is added by those that expire arms none. */
  #fire(lane: DeadlineLane): void {
    const now = this.#clock.monotonic();
    try {
      for (let item = lane.first; item && item.dueMs <= now; item = lane.first) {
        this.remove(item);
        item.expire();
      }
    } finally {
      lane.timer = undefined;
      if (lane.first) this.#arm(lane, Math.max(0, lane.first.dueMs - now));
    }
  }
}
