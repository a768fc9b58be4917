/** What the nodes of a campaign host. Each entity keeps what was done to it, in order, so that what is lost or done twice shows. */
import { type ActorDefinition, defineActor, type Protocol } from '@jaegis/actors';

export interface Ledger {
  /** Ids of what was done, the oldest first. */
  readonly entries: readonly string[];
}

export const ledger = defineActor('ledger', {
  state: (): Ledger => ({ entries: [] }),
  on: {
    add: ({ entries }, { id }: { id: string }) => ({ state: { entries: [...entries, id] }, reply: entries.length + 1 }),
    count: ({ entries }) => ({ reply: entries.length }),
    note: ({ entries }, { id }: { id: string }) => ({ state: { entries: [...entries, id] } }),
    remind: ({ entries }, { id, afterMs }: { id: string; afterMs: number }, context) => {
      context.schedule(id, { afterMs }, { type: 'note', id: `tick ${id}` });
      return { state: { entries: [...entries, id] }, reply: entries.length + 1 };
    },
  },
});

export const account = defineActor('account', {
  state: (): Ledger => ({ entries: [] }),
  on: {
    pay: ({ entries }, { id, to }: { id: string; to: string }, context) => {
      const paid = { type: 'paid', id };
      context.send({ entity: { type: 'account', key: to } }, paid);
      return { state: { entries: [...entries, id] }, reply: entries.length + 1 };
    },
    paid: ({ entries }, { id }: { id: string }) => ({ state: { entries: [...entries, `paid ${id}`] } }),
    count: ({ entries }) => ({ reply: entries.length }),
  },
});

// Definitions of any protocol: the list is for the runtime.
export const entities = [ledger, account] as unknown as ActorDefinition<Protocol>[];
