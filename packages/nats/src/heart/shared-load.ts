/**
 * What the event loop leaves for the heart's thread at each turn: a few numbers in memory that both see, since a loop that
 * stands still answers nobody. The names of what is missing go as a message, when they change.
 */
import { hrtime } from 'node:process';
import type { Load } from '@jaegis/core';

/** One clock for all threads of a process, in ms: each has another `performance.now`. */
export function sharedNow(): number {
  return Number(hrtime.bigint()) / 1e6;
}

const fields = ['index', 'epoch', 'waiting', 'heapBytes'] as const;
const turnedAt = fields.length;
const readyAt = turnedAt + 1;
const numberBytes = (readyAt + 1) * 8;

export class SharedLoad {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Float64Array;
  readonly #turns: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(numberBytes + 8)) {
    this.memory = memory;
    this.#numbers = new Float64Array(memory, 0, readyAt + 1);
    this.#turns = new Int32Array(memory, numberBytes, 1);
  }

  /** How often it was written. */
  get turns(): number {
    return Atomics.load(this.#turns, 0);
  }

  write(load: Load): void {
    for (const [at, field] of fields.entries()) this.#numbers[at] = load[field];
    this.#numbers[readyAt] = load.ready ? 1 : 0;
    this.#numbers[turnedAt] = sharedNow();
    Atomics.add(this.#turns, 0, 1);
  }

  /** By the clock of {@link sharedNow}. */
  get turnedMs(): number {
    return this.#numbers[turnedAt] ?? 0;
  }

  read(): Load {
    const [index = 0, epoch = 0, waiting = 0, heapBytes = 0] = this.#numbers;
    return { index, epoch, waiting, heapBytes, ready: this.#numbers[readyAt] === 1 };
  }
}
