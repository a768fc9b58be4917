import { describe, expect, it } from 'vitest';
import { stop } from './action.ts';
import type { ActorContext } from './contract.ts';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';

const often = { intensity: 100, periodMs: 60_000 };

/** `enter` does what the test says, once, when the mode becomes `late` or the actor starts for the first time. */
function moody(enter: (context: ActorContext) => void, when: 'start' | 'late', stops: unknown[] = []) {
  let isDone = false;
  let starts = 0;
  return defineActor('moody', {
    state: () => ({ mode: 'early', start: ++starts }),
    preserve: 'none',
    mode: ({ mode }) => mode,
    enter: (state, _previous, context) => {
      if (isDone || (when === 'late' && state.mode !== 'late')) return undefined;
      isDone = true;
      enter(context);
      return { state: { ...state, start: -1 } };
    },
    stop: (_state, reason) => void stops.push(reason),
    on: {
      go: (state) => ({ state: { ...state, mode: 'late' } }),
      read: ({ mode, start }) => ({ reply: `${mode} ${start}` }),
    },
  });
}

describe('the state that `enter` gives', () => {
  it('is forgotten where `enter` has ended its incarnation', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(moody((context) => context.exit(context.self, 'kill'), 'late'));
    await ref.ask({ type: 'go' }).catch(() => {});
    expect(await ref.ask({ type: 'read' })).toBe('early 2');
    await system.stop();
  });

  it('so at the start', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(moody((context) => context.exit(context.self, 'kill'), 'start'));
    expect(await ref.ask({ type: 'read' })).toBe('early 2');
    await system.stop();
  });
});

describe('a `stop` action', () => {
  it('ends its own incarnation only, whatever the effects of the handler have brought about', async () => {
    const stops: unknown[] = [];
    const world: { end?: () => void } = {};
    const { system } = testSystem(often, { announce: ({ type }) => type === 'bye' && world.end?.() });
    const leaving = defineActor('leaving', {
      state: () => 0,
      stop: (_state, reason) => void stops.push(reason),
      on: {
        leave: (_state, _message, context) => {
          context.announce({ type: 'bye' });
          return { actions: [stop('normal')] };
        },
        ping: () => ({ reply: 'pong' }),
      },
    });
    const ref = await system.spawn(leaving);
    world.end = () => system.exit(ref, 'restart');
    ref.tell({ type: 'leave' });
    expect(await ref.ask({ type: 'ping' })).toBe('pong');
    expect(stops).toEqual(['restart']);
    await system.stop();
  });
});
