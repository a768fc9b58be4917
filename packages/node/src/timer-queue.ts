/**
 * Timers in the order of their due time and, where those are equal, in the order they were set: an indexed binary heap,
 * so that clearing (each reply clears the timeout of its ask) costs as little as setting. Used by the real clock only.
 */
export interface QueuedTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
  /** Its place in the heap; -1 once it has left. */
  index: number;
}

export class TimerQueue {
  readonly #heap: QueuedTimer[] = [];
  #nextOrder = 0;

  get head(): QueuedTimer | undefined {
    return this.#heap[0];
  }

  /** The order that the next timer will get: what was set before has a smaller one. */
  get nextOrder(): number {
    return this.#nextOrder;
  }

  add(dueMs: number, callback: () => void): QueuedTimer {
    const timer = { dueMs, order: this.#nextOrder++, callback, index: -1 };
    this.#rise(timer, this.#heap.length);
    return timer;
  }

  /** False when the timer has fired or was removed before. */
  remove(timer: QueuedTimer): boolean {
    const hole = timer.index;
    if (this.#heap[hole] !== timer) return false;
    timer.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) return true;
    this.#sink(last, hole);
    this.#rise(last, last.index);
    return true;
  }

  #rise(timer: QueuedTimer, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above];
      if (parent === undefined || !isBefore(timer, parent)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(timer, at);
  }

  #sink(timer: QueuedTimer, from: number): void {
    let at = from;
    for (;;) {
      const child = this.#firstChild(at);
      if (child === undefined || !isBefore(child, timer)) break;
      const below = child.index;
      this.#put(child, at);
      at = below;
    }
    this.#put(timer, at);
  }

  #firstChild(of: number): QueuedTimer | undefined {
    const left = this.#heap[2 * of + 1];
    const right = this.#heap[2 * of + 2];
    return left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
  }

  #put(timer: QueuedTimer, at: number): void {
    this.#heap[at] = timer;
    timer.index = at;
  }
}

function isBefore(a: QueuedTimer, b: QueuedTimer): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}
