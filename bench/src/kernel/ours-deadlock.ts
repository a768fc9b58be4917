/** Ours: a ring of actors that ask each other, from the ask that closes it until one of them gets a DeadlockError. */
import { defineActor, type Ref } from '@jaegis/actors';
import type { Workloads } from '../harness/session.ts';
import { spreadOf } from '../harness/spread.ts';
import { ourSystem } from './our-system.ts';

const LENGTHS = [2, 10, 100] as const;

type Link = {
  readonly next: { readonly message: { readonly ref: Ref<Link>; readonly closes: boolean }; readonly reply: undefined };
  readonly go: { readonly message: object; readonly reply: undefined };
};

interface State {
  readonly ref?: Ref<Link>;
  /** Whether its ask is the one that closes the ring. */
  readonly closes: boolean;
}

let closed = Number.NaN;
let found = Number.NaN;

const link = defineActor('link', {
  state: (): State => ({ closes: false }),
  on: {
    next: (_, { ref, closes }: { type: 'next'; ref: Ref<Link>; closes: boolean }) => ({ state: { ref, closes } }),
    go: async ({ ref, closes }, _: { type: 'go' }, context) => {
      if (!ref) throw new Error('No next one.');
      if (closes) closed = performance.now();
      try {
        await context.ask(ref, { type: 'go' });
      } catch (error) {
        if (Object(error).code !== 'deadlock') throw error;
        found = performance.now();
      }
    },
  },
});

export const workloads: Workloads = {
  // The worst median of the lengths, each closed `size` times, in milliseconds.
  cycle: async () => {
    const system = ourSystem();
    const rings: Ref<Link>[] = [];
    for (const length of LENGTHS) {
      const ring: Ref<Link>[] = [];
      for (let count = 0; count < length; count++) ring.push(await system.spawn(link));
      for (const [index, ref] of ring.entries()) {
        const next = ring[(index + 1) % length] as Ref<Link>; // within the ring
        ref.tell({ type: 'next', ref: next, closes: index === length - 1 });
      }
      rings.push(...ring.slice(0, 1));
    }
    return {
      round: async (size) => {
        const medians: number[] = [];
        for (const first of rings) medians.push(await medianOf(first, size));
        return Math.max(...medians);
      },
      close: () => system.stop(),
    };
  },
};

async function medianOf(first: Ref<Link>, size: number): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < size; count++) {
    found = Number.NaN;
    await first.ask({ type: 'go' });
    times.push(found - closed);
  }
  return spreadOf(times).median;
}
