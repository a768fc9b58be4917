/** What the nodes under fault host. Answers say who gives them, so that the client knows whether something has moved. */
import { defineActor, defineApp } from 'jaegis';

export interface Answer {
  readonly node: string;
  /** What the entity has counted; 0 where nothing is counted. */
  readonly total: number;
}

const [, , node = ''] = process.argv;

export const counter = defineActor('counter', {
  state: () => 0,
  on: {
    add: (total): { state: number; reply: Answer } => ({ state: total + 1, reply: { node, total: total + 1 } }),
    read: (total): { reply: Answer } => ({ reply: { node, total } }),
  },
});

/** On every node: what needs no storage. */
export const echo = defineActor('echo', {
  state: () => null,
  on: { ask: (): { reply: Answer } => ({ reply: { node, total: 0 } }) },
});

/** On every node: keeps its event loop from turning, as a bad loop or a bad expression would. */
export const blocker = defineActor('blocker', {
  state: () => null,
  on: {
    block: (_state, { ms }: { ms: number }) => {
      const until = performance.now() + ms;
      while (performance.now() < until);
      return { reply: node };
    },
  },
});

/** Of `send`s: what was handled, in order. */
export const ledger = defineActor('ledger', {
  state: () => ({ entries: [] as number[] }),
  on: {
    write: ({ entries }, { entry }: { entry: number }) => ({ state: { entries: [...entries, entry] } }),
    read: ({ entries }) => ({ reply: entries }),
  },
});

/** Sets a timer for each message, and counts those that have come. */
export const alarm = defineActor('alarm', {
  state: () => ({ rung: [] as number[] }),
  on: {
    set: (_state, { entry, afterMs }: { entry: number; afterMs: number }, context) => {
      context.schedule(`${entry}`, { afterMs }, { type: 'ring', entry });
      return { reply: node };
    },
    ring: ({ rung }, { entry }: { entry: number }) => ({ state: { rung: [...rung, entry] } }),
    read: ({ rung }) => ({ reply: rung }),
  },
});

/** Announces what it is told: the client that watches should hear it. */
export const herald = defineActor('herald', {
  state: () => null,
  on: {
    cry: (_state, { entry }: { entry: number }, context) => {
      context.announce({ type: 'cried', entry });
      return { reply: node };
    },
  },
});

export const app = defineApp({
  entities: [counter, ledger, alarm],
  actors: [
    { name: 'echo', definition: echo },
    { name: 'blocker', definition: blocker },
    { name: 'herald', definition: herald },
  ],
});
