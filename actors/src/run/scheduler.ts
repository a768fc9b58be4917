import type { Clock } from '@jaegis/core';

/** Something with messages to handle. `run` handles a batch of them and says whether some are left. */
export interface Runnable {
  readonly address: string;
  run(scheduler: Scheduler): boolean;
  /** `run` threw, which it must not: a function of the definition failed where nobody expected it. */
  broke(error: unknown): void;
}

/** How long actors may run before the event loop gets its turn, in ms. */
const SLICE_MS = 4;

/** Messages that may be handled at once between two readings of the clock. */
const MOST_AT_ONCE = 64;

/** A resolved promise: `then` on it is the cheapest way to the next microtask. */
const soon = Promise.resolve();

/**
 * Runs actors that have messages, a batch each in turn, so that a busy one cannot starve the others; after a slice of
 * time it lets the event loop go first, also when each batch makes new work in microtasks of its own.
 */
export class Scheduler {
  readonly #clock: Clock;
  readonly #drain: () => void;
  /** Time as last read, of the monotonic clock: good to a batch, and free. */
  now: number;
  /** Who runs at this moment: whoever finds the event loop standing still reads it here. */
  running: { readonly address: string } | undefined = undefined;
  /** Messages in all mailboxes. */
  waiting = 0;
  #ready: Runnable[] = [];
  #spare: Runnable[] = [];
  #scheduled = false;
  #sliceEnds = 0;
  #isMarked = false;
  #isRunning = false;
  #atOnce = 0;

  /** @param run What runs here for all actors is run by this, so that it may be kept apart from whoever began it. */
  constructor(clock: Clock, run: (drain: () => void) => void) {
    this.#clock = clock;
    this.#drain = () => run(this.#drainNow);
    this.now = clock.monotonic();
  }

  readClock(): number {
    this.now = this.#clock.monotonic();
    return this.now;
  }

  schedule(runnable: Runnable): void {
    this.#ready.push(runnable);
    if (this.#scheduled) return;
    this.#scheduled = true;
    void soon.then(this.#drain);
  }

  /**
   * Whether a message that comes from outside all actors may be handled on the spot, instead of in the next microtask.
   * Every so often it may not, so that such messages take their part in the slices of time. Followed by {@link leave}.
   */
  enter(runnable: Runnable): boolean {
    if (this.#isRunning || this.#atOnce >= MOST_AT_ONCE) return false;
    this.#atOnce++;
    this.#isRunning = true;
    this.running = runnable;
    return true;
  }

  leave(): void {
    this.#isRunning = false;
    this.running = undefined;
  }

  readonly #drainNow = (): void => {
    this.#isRunning = true;
    this.#atOnce = 0;
    this.#runReady();
    this.#isRunning = false;
    this.running = undefined;
  };

  #runReady(): void {
    // Time that passed while nothing was ready belongs to nobody.
    this.readClock();
    while (this.#ready.length > 0) {
      const round = this.#ready;
      this.#ready = this.#spare;
      this.#spare = round;
      if (!this.#runRound(round)) return;
    }
    this.#scheduled = false;
  }

  /** False when the slice is over; what is left waits for the event loop. */
  #runRound(round: Runnable[]): boolean {
    let index = 0;
    for (; index < round.length && this.#mayGoOn(); index++) {
      const runnable = round[index] as Runnable; // within its length
      if (this.#run(runnable)) this.#ready.push(runnable);
    }
    const isDone = index === round.length;
    if (!isDone) {
      this.#ready = [...round.slice(index), ...this.#ready];
      this.#clock.setTimer(0, this.#drain);
    }
    round.length = 0;
    return isDone;
  }

  /** Runs what belongs to an actor but is none of its batches, as its start. */
  as<Result>(runnable: Pick<Runnable, 'address'>, act: () => Result): Result {
    const { running } = this;
    this.running = runnable;
    try {
      return act();
    } finally {
      this.running = running;
    }
  }

  /** One that breaks must not keep the others from running. */
  #run(runnable: Runnable): boolean {
    this.running = runnable;
    try {
      return runnable.run(this);
    } catch (error) {
      runnable.broke(error);
      return false;
    }
  }

  /** The first batch after a turn of the event loop begins a slice; a marker tells that the loop has turned again. */
  #mayGoOn(): boolean {
    if (this.now < this.#sliceEnds) return true;
    if (this.#isMarked) return false;
    this.#sliceEnds = this.now + SLICE_MS;
    this.#isMarked = true;
    this.#clock.setTimer(0, this.#unmark);
    return true;
  }

  readonly #unmark = (): void => {
    this.#isMarked = false;
  };
}
