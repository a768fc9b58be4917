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
    await new Promise((resolve) => setImmediate(resolve));
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
    expect(log.length).toBeGreaterThan(0);
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
});
