/** The suite `turns`: durable turns beside raw appends to JetStream. */
import type { Suite } from '../harness/session.ts';
import { TurnsBench } from './turns.ts';

/** @param size turns a round */
export function turnsSuite(size = 300): Suite {
  const bench = new TurnsBench();
  return {
    name: 'turns',
    about: 'Durable turns on one nats-server that syncs to disk.',
    rows: [
      {
        name: 'durable turn, one at a time',
        unit: 'ms',
        better: 'lower',
        about: `A turn of a counter, from the ask to its reply, beside one append of as many bytes with an expected sequence to
the same server. It has no goal yet.`,
        goal: {},
        ours: { size, open: () => bench.turn() },
        peers: { 'raw append': { size, open: () => bench.append() } },
      },
    ],
    versions: () => ({}),
  };
}
