/** What campaigns have found, each with the faults that it took. */
import { expect, it } from 'vitest';
import { type Fault, makePlan } from './plan.ts';
import { run } from './run.ts';

interface Found {
  readonly promise: string;
  readonly seed: number;
  readonly faults: readonly Fault[];
}

const found: readonly Found[] = [
  {
    promise: 'what is sent to an owner that refuses for a while is handled once it serves again',
    seed: 20,
    faults: [{ kind: 'cut', atMs: 3_907, forMs: 4_165, from: ['n1', 'n2', 'n5'], to: ['n2', 'n3', 'n5'] }],
  },
  {
    promise: 'a member that joins while a question is asked has a vote before its answer is written',
    seed: 34,
    faults: [
      { kind: 'hang', node: 'n2', unsent: false, atMs: 111, forMs: 1_146 },
      { kind: 'hang', node: 'n5', unsent: true, atMs: 539, forMs: 6_252 },
    ],
  },
];

it.each(found)('$promise (seed $seed)', async ({ seed, faults }) => {
  const { violation } = await run({ ...makePlan({ seed, nodes: 5, safetyMs: 15_000 }), faults });
  expect(violation).toBeUndefined();
});
