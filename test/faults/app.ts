/** What the nodes under fire host. Each entity counts what was done to it, so that what is lost or done twice shows. */
import { writeSync } from 'node:fs';
import { defineActor, defineApp } from 'jaegis';
import { lamps, tally } from '../support/lamp.ts';

const here = process.argv[2] ?? '';
let hasFrozen = 0;

export interface Add {
  readonly by: number;
  /** The node that stops dead while it handles this; n-th time that it does. */
  readonly freezes?: { readonly node: string; readonly time: number };
}

export const counter = defineActor('counter', {
  state: () => 0,
  on: {
    add: (total, { by, freezes }: Add) => {
      if (freezes?.node === here && freezes.time > hasFrozen) freeze(freezes.time);
      return { state: total + by, reply: total + by };
    },
    read: (total) => ({ reply: total }),
    where: () => ({ reply: here }),
    /** After it has changed something, and asked for more. */
    crash: (_total, _message, context) => {
      const entry = { type: 'write', entry: 'never' };
      context.send({ entity: { type: 'journal', key: 'crashed' } }, entry);
      throw new Error('as asked');
    },
  },
});

/** When it was told so by its timer, in ms since 1970. */
export const ticker = defineActor('ticker', {
  state: () => ({ ticks: [] as readonly number[] }),
  on: {
    start: (_state, { cron }: { cron: string }, context) => {
      context.schedule('tick', { cron }, { type: 'tick' });
      return { reply: true };
    },
    tick: ({ ticks }) => ({ state: { ticks: [...ticks, Date.now()] } }),
    stop: ({ ticks }, _message, context) => {
      context.unschedule('tick');
      return { reply: ticks.length };
    },
    read: ({ ticks }) => ({ reply: ticks }),
  },
});

export const lampDelayMs = 4_000;

/** The work of a lamp is never done on the node `mortal`. */
export const allLamps = lamps({
  now: Date.now,
  delayMs: lampDelayMs,
  work: () => (here === 'mortal' ? new Promise(() => {}) : Promise.resolve(here)),
});

/**
 * Between the messages that led to a turn and its append, with nothing between the wake-up and the append that could tell
 * the node that it was replaced: no timer runs and no byte is read before.
 */
function freeze(time: number): void {
  hasFrozen = time;
  writeSync(1, 'frozen\n');
  process.kill(process.pid, 'SIGSTOP');
}

export interface Balance {
  readonly balance: number;
  readonly paidOut: number;
  readonly paidIn: number;
}

export const firstBalance = 1_000;

export const account = defineActor('account', {
  state: (): Balance => ({ balance: firstBalance, paidOut: 0, paidIn: 0 }),
  on: {
    transfer: (state, { to, amount }: { to: string; amount: number }, context) => {
      const deposit = { type: 'deposit', amount };
      context.send({ entity: { type: 'account', key: to } }, deposit);
      const paidOut = state.paidOut + amount;
      return { state: { ...state, balance: state.balance - amount, paidOut }, reply: paidOut };
    },
    deposit: (state, { amount }: { amount: number }) => ({
      state: { ...state, balance: state.balance + amount, paidIn: state.paidIn + amount },
    }),
    look: (state) => ({ reply: state }),
  },
});

/** Of `send`s: who sent what, in the order in which it was handled. */
export const journal = defineActor('journal', {
  state: () => ({ entries: [] as string[] }),
  on: {
    write: (state, { entry }: { entry: string }) => ({ state: { entries: [...state.entries, entry] } }),
    read: (state) => ({ reply: state.entries }),
  },
});

export const app = defineApp({ entities: [counter, account, journal, ticker, tally, ...allLamps] });
