/** The peer nact: its default configuration, which has no logging and no persistence. */
import { dispatch, query, type Ref, spawn, start, stop } from 'nact';
import type { Session, Workloads } from '../harness/session.ts';
import { Countdown, flood, oneByOne, perSecond } from './flood.ts';
import { bytesEach } from './heap.ts';

const BATCH = 1_000;
const TIMEOUT_MS = 5_000; // the default of our asks

interface Add {
  readonly type: 'add';
  readonly by: number;
  readonly sender?: Ref<number>;
}

export const workloads: Workloads = { tell, ask, volley, spawnAndStop, idle };

function tell(): Session {
  const countdown = new Countdown();
  const counter = (total: number, { by }: Add) => {
    countdown.tick();
    return total + by;
  };
  const system = start();
  const ref = spawn(system, counter, 'counter', { initialState: 0 });
  return {
    round: (size) => flood(countdown, size, () => dispatch(ref, { type: 'add', by: 1 })),
    close: () => stop(system),
  };
}

function ask(): Session {
  const counter = (total: number, { by, sender }: Add) => {
    if (sender) dispatch(sender, total + by);
    return total + by;
  };
  const system = start();
  const ref = spawn(system, counter, 'counter', { initialState: 0 });
  const add = (sender: Ref<number>): Add => ({ type: 'add', by: 1, sender });
  return { round: (size) => oneByOne(size, () => query(ref, add, TIMEOUT_MS)), close: () => stop(system) };
}

interface Ball {
  readonly left: number;
  readonly other?: Ref<Ball>;
}

function volley(): Session {
  let over = () => {};
  const player = (state: { other?: Ref<Ball> }, { left, other }: Ball) => {
    if (other) return { other };
    if (left === 0) over();
    else if (state.other) dispatch(state.other, { left: left - 1 });
    return state;
  };
  const system = start();
  const left: Ref<Ball> = spawn(system, player, 'left', { initialState: {} });
  const right: Ref<Ball> = spawn(system, player, 'right', { initialState: {} });
  dispatch(left, { left: 0, other: right });
  dispatch(right, { left: 0, other: left });
  return {
    round: async (size) => {
      const began = performance.now();
      await new Promise<void>((resolve) => {
        over = resolve;
        dispatch(left, { left: size - 1 });
      });
      return perSecond(size, began);
    },
    close: () => stop(system),
  };
}

const count = (total: number, { by }: Add) => total + by;

function spawnAndStop(): Session {
  const system = start();
  let made = 0;
  return {
    // Its own names are random numbers that may meet; these are short. A stop is over after a turn of the event loop.
    round: async (size) => {
      const began = performance.now();
      for (let left = size; left > 0; left -= BATCH) {
        const refs = Array.from({ length: Math.min(BATCH, left) }, () => {
          made++;
          return spawn(system, count, `a${made}`, { initialState: 0 });
        });
        for (const ref of refs) stop(ref);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return perSecond(size, began);
    },
    close: () => stop(system),
  };
}

function idle(): Session {
  const system = start();
  return {
    round: (size) =>
      bytesEach(size, () => {
        for (let made = 0; made < size; made++) spawn(system, count, `a${made}`, { initialState: 0 });
      }),
    close: () => stop(system),
  };
}
