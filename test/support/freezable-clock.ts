import type { Clock, Timer } from '@jaegis/core';

/** The clock of one process that can be stopped, as by SIGSTOP: time goes on, and what fell due meanwhile is late. */
export class FreezableClock implements Clock {
  readonly #inner: Clock;
  #isFrozen = false;
  #due: (() => void)[] = [];

  constructor(inner: Clock) {
    this.#inner = inner;
  }

  now(): number {
    return this.#inner.now();
  }

  monotonic(): number {
    return this.#inner.monotonic();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    let isCleared = false;
    const fire = () => {
      if (isCleared) return;
      if (this.#isFrozen) this.#due.push(fire);
      else callback();
    };
    const timer = this.#inner.setTimer(delayMs, fire);
    this.#clears.set(timer, () => {
      isCleared = true;
    });
    return timer;
  }

  clearTimer(timer: Timer | undefined): void {
    if (timer === undefined) return;
    this.#clears.get(timer)?.();
    this.#inner.clearTimer(timer);
  }

  readonly #clears = new WeakMap<Timer, () => void>();

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const fire of this.#due.splice(0)) this.#inner.setTimer(0, fire);
  }
}
