/** What the memory of the machine allows: a method of a plain object, the same one or one of a million. */
import type { Session, Workloads } from '../harness/session.ts';
import { perSecond } from './flood.ts';

const MANY = 1_000_000;

class Counter {
  total = 0;

  add({ by }: { by: number }): void {
    this.total += by;
  }
}

export const workloads: Workloads = {
  one: () => calling(1),
  random: () => calling(MANY),
};

/** Calls a second, each to another of so many objects, in the order in which the actors are told. */
function calling(count: number): Session {
  const counters = Array.from({ length: count }, () => new Counter());
  const step = 611_953; // a prime
  return {
    round: (size) => {
      let at = 0;
      const began = performance.now();
      for (let called = 0; called < size; called++) {
        at = (at + step) % count;
        counters[at]?.add({ by: 1 });
      }
      return perSecond(size, began);
    },
  };
}
