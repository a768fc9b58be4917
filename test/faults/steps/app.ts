/** What goes through every step of the turn path: an inbox, replies, an outbox, timers that are set and taken back. */
import { defineActor, defineApp } from 'jaegis';

export interface Booked {
  readonly booked: readonly number[];
  readonly rung: readonly number[];
}

/** Of what a ledger has booked. */
export const notes = defineActor('notes', {
  state: () => ({ numbers: [] as readonly number[] }),
  on: {
    note: (state, { number }: { number: number }) => ({ state: { numbers: [...state.numbers, number] } }),
    read: (state) => ({ reply: state.numbers }),
  },
});

/** How many are booked, in a form that no other reply has. */
export interface BookedReply {
  readonly bookedSoFar: number;
}

export function isBookedReply(value: unknown): value is BookedReply {
  return typeof value === 'object' && value !== null && 'bookedSoFar' in value;
}

export const ledger = defineActor('ledger', {
  /** Every other turn drops those before it. */
  history: { turns: 2 },
  state: (): Booked => ({ booked: [], rung: [] }),
  on: {
    book: (state, { number, notesKey }: { number: number; notesKey: string }, context) => {
      context.send(context.entity(notes, notesKey), { type: 'note', number });
      context.schedule(`ring-${number}`, { afterMs: 1 }, { type: 'ring', number });
      context.schedule('later', { afterMs: 3_600_000 }, { type: 'ring', number: -1 });
      if (number % 2 === 0) context.unschedule('later');
      const booked = [...state.booked, number];
      return { state: { ...state, booked }, reply: { bookedSoFar: booked.length } };
    },
    ring: (state, { number }: { number: number }) => ({ state: { ...state, rung: [...state.rung, number] } }),
    read: (state) => ({ reply: state }),
  },
});

export const app = defineApp({ entities: [ledger, notes] });
