/** A binary heap: a world of a thousand nodes has tens of thousands of timers set, most of which are cleared again. */
export interface VirtualTimer {
  readonly dueMs: number;
  /** In which they were set: of those that are due together the first one fires first. */
  readonly order: number;
  readonly callback: () => void;
  /** In the queue; -1: it is not in it. Kept by the queue. */
  place: number;
}

export class TimerQueue {
  readonly #heap: VirtualTimer[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The one that fires next. */
  get first(): VirtualTimer | undefined {
    return this.#heap[0];
  }

  add(timer: VirtualTimer): void {
    this.#rise(timer, this.#heap.length);
  }

  /** Nothing where it is not in it. */
  remove(timer: VirtualTimer): void {
    const { place } = timer;
    if (place < 0) return;
    timer.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return;
    this.#sink(last, place);
    this.#rise(last, last.place);
  }

  /** Puts it here or further to the front. */
  #rise(timer: VirtualTimer, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above];
      if (other === undefined || isBefore(other, timer)) break;
      this.#put(other, place);
      place = above;
    }
    this.#put(timer, place);
  }

  /** Puts it here or further to the back. */
  #sink(timer: VirtualTimer, from: number): void {
    let place = from;
    for (;;) {
      const [left, right] = [this.#heap[place * 2 + 1], this.#heap[place * 2 + 2]];
      const sooner = left && right && isBefore(right, left) ? right : left;
      if (sooner === undefined || isBefore(timer, sooner)) break;
      const below = sooner.place;
      this.#put(sooner, place);
      place = below;
    }
    this.#put(timer, place);
  }

  #put(timer: VirtualTimer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
