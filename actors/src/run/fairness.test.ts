import { limits } from '@jaegis/core';
import { realClock } from '@jaegis/node';
import { describe, expect, it } from 'vitest';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';

/** Tells itself again and again, so that it always has a message. */
function busy(log: string[], name: string, spend: () => void = () => {}) {
  return defineActor('busy', {
    state: () => 0,
    on: {
      go: (_state, _message, context) => {
        spend();
        log.push(name);
        context.tell(context.self, { type: 'go' });
      },
      stop: () => ({ reply: true }),
    },
  });
}

describe('an actor that is always busy', () => {
  it('lets others have their turn after a batch', async () => {
    const { system } = testSystem();
    const log: string[] = [];
    const one = await system.spawn(busy(log, 'one'));
    const two = await system.spawn(busy(log, 'two'));
    one.tell({ type: 'go' });
    two.tell({ type: 'go' });
    await expect.poll(() => log.includes('two')).toBe(true);
    const firstOfTwo = log.indexOf('two');
    expect(firstOfTwo).toBeGreaterThan(0);
    expect(firstOfTwo).toBeLessThanOrEqual(limits.batch);
    await system.stop();
  });

  it('lets the event loop have its turn', async () => {
    const { system } = testSystem();
    const log: string[] = [];
    const ref = await system.spawn(busy(log, 'one'));
    ref.tell({ type: 'go' });
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    await expect.poll(() => log.length).toBeGreaterThan(0);
    await system.stop();
  });

  it('ends its batch early when its handlers take long', async () => {
    const { system } = testSystem();
    const log: string[] = [];
    const clock = realClock();
    const spend = () => {
      const until = clock.monotonic() + 3;
      while (clock.monotonic() < until);
    };
    const slow = await system.spawn(busy(log, 'slow', spend));
    const quick = await system.spawn(busy(log, 'quick'));
    slow.tell({ type: 'go' });
    quick.tell({ type: 'go' });
    await expect.poll(() => log.includes('quick')).toBe(true);
    expect(log.indexOf('quick')).toBe(1);
    await system.stop();
  });

  it('lets the event loop have its turn also when it is asked again and again', async () => {
    const { system } = testSystem();
    const ref = await system.spawn(busy([], 'one'));
    let isOver = false;
    setImmediate(() => {
      isOver = true;
    });
    while (!isOver) await ref.ask({ type: 'stop' });
    await system.stop();
  });
});

describe('an ask to an idle actor', () => {
  it('is handled on the spot, but not while another actor is at work, and not before what waits', async () => {
    const { system } = testSystem();
    const seen: string[] = [];
    const noting = defineActor('noting', {
      state: () => 0,
      on: {
        note: (_state, message: { text: string }) => {
          seen.push(message.text);
          return { reply: true };
        },
        askOf: (_state, message: { other: { ask(message: object): Promise<unknown> } }) => {
          void message.other.ask({ type: 'note', text: 'from inside' });
          seen.push('after asking');
        },
      },
    });
    const [one, other] = [await system.spawn(noting), await system.spawn(noting)];
    const asked = one.ask({ type: 'note', text: 'asked' });
    seen.push('after the ask');
    await asked;
    one.tell({ type: 'note', text: 'told' });
    await one.ask({ type: 'note', text: 'asked then' });
    await one.ask({ type: 'askOf', other: other as never });
    await other.ask({ type: 'note', text: 'last' });
    expect(seen).toEqual(['asked', 'after the ask', 'told', 'asked then', 'after asking', 'from inside', 'last']);
    await system.stop();
  });
});
