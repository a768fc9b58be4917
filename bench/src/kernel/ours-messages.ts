/** Ours: messages to handler actors. */
import { defineActor, type Ref } from '@jaegis/actors';
import type { Session, Workloads } from '../harness/session.ts';
import { Countdown, flood, oneByOne, perSecond } from './flood.ts';
import { ourSystem } from './our-system.ts';

export const workloads: Workloads = {
  tell: () => told(true),
  watched: async () => timed(await told(true)),
  unwatched: async () => timed(await told(false)),
  ask,
  volley,
};

async function told(watch: boolean): Promise<Session> {
  const countdown = new Countdown();
  const counter = defineActor('counter', {
    state: () => 0,
    on: {
      add: (total: number, { by }: { type: 'add'; by: number }) => {
        countdown.tick();
        return { state: total + by };
      },
    },
  });
  const system = ourSystem({ watch });
  const ref = await system.spawn(counter);
  return {
    round: (size) => flood(countdown, size, () => ref.tell({ type: 'add', by: 1 })),
    close: () => system.stop(),
  };
}

/** Nanoseconds a message. */
function timed({ round, close = () => {} }: Session): Session {
  return { round: async (size) => [await round(size)].flat().map((rate) => 1e9 / rate), close };
}

async function ask(): Promise<Session> {
  const counter = defineActor('counter', {
    state: () => 0,
    on: {
      add: (total: number, { by }: { type: 'add'; by: number }) => ({ state: total + by, reply: total + by }),
    },
  });
  const system = ourSystem();
  const ref = await system.spawn(counter);
  return {
    round: (size) => oneByOne(size, () => ref.ask({ type: 'add', by: 1 })),
    close: () => system.stop(),
  };
}

type Volley = {
  readonly meet: { readonly message: { readonly other: Ref<Volley> }; readonly reply: undefined };
  readonly ball: { readonly message: { readonly left: number }; readonly reply: undefined };
};

async function volley(): Promise<Session> {
  let over = () => {};
  const player = defineActor('player', {
    state: (): { other?: Ref<Volley> } => ({}),
    on: {
      meet: (_, { other }: { type: 'meet'; other: Ref<Volley> }) => ({ state: { other } }),
      ball: ({ other }, { left }: { type: 'ball'; left: number }, context) => {
        if (left === 0) over();
        else if (other) context.tell(other, { type: 'ball', left: left - 1 });
      },
    },
  });
  const system = ourSystem();
  const [left, right] = [await system.spawn(player), await system.spawn(player)];
  left.tell({ type: 'meet', other: right });
  right.tell({ type: 'meet', other: left });
  return {
    round: async (size) => {
      const began = performance.now();
      await new Promise<void>((resolve) => {
        over = resolve;
        left.tell({ type: 'ball', left: size - 1 });
      });
      return perSecond(size, began);
    },
    close: () => system.stop(),
  };
}
