import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Call } from '../call.ts';
import { ErrorClassBreakers, type ErrorClassBreakersOptions } from './error-class-breakers.ts';
import type { BreakerEvent } from './events.ts';

function stage(options: Partial<ErrorClassBreakersOptions> = {}) {
  const clock = new VirtualClock();
  const events: BreakerEvent[] = [];
  const onEvent = (event: BreakerEvent) => events.push(event);
  const breakers = new ErrorClassBreakers(
    { name: 'db', failures: 3, successes: 1, classOf: String, onEvent, ...options },
    { clock },
  );
  const run = (inner: () => Promise<unknown>) => breakers.run(new Call(inner), inner).catch((error: unknown) => error);
  const good = () => run(() => Promise.resolve('well'));
  const bad = (errorClass: string) => run(() => Promise.reject(errorClass));
  return { clock, breakers, good, bad, events };
}

describe('breakers by class of errors', () => {
  it('count each class for itself, from its first error on', async () => {
    const { breakers, good, bad } = stage();
    for (const errorClass of ['reset', 'full', 'reset', 'full', 'full']) await bad(errorClass);
    expect([breakers.find('reset')?.state, breakers.find('full')?.state]).toEqual(['closed', 'open']);
    expect(await good()).toMatchObject({ code: 'breaker_open', data: { breaker: 'db:full' } });
  });

  it('close again by successes, and not by errors of other classes', async () => {
    const { clock, breakers, good, bad } = stage();
    for (let left = 3; left > 0; left--) await bad('full');
    await clock.advance(30_000);
    await bad('reset');
    expect(breakers.find('full')?.figures).toMatchObject({ state: 'half_open', successes: 0, probes: 0 });
    await good();
    expect(breakers.find('full')?.state).toBe('closed');
  });

  it('tell nothing of errors that are those of others', async () => {
    const { good, bad, events } = stage({ ignores: (error) => error === 'odd' });
    for (const errorClass of ['reset', 'odd', 'full', 'full', 'full']) await bad(errorClass);
    await good();
    expect(events.map(({ breaker, type }) => `${breaker} ${type}`)).toEqual([
      'db:odd ignored',
      'db:full opened',
      'db:full refused',
    ]);
  });

  it('hide no error of which the class cannot be told: it counts as unknown', async () => {
    const classOf = () => {
      throw new Error('no class');
    };
    const { breakers, bad } = stage({ classOf });
    expect([await bad('a'), await bad('b'), await bad('c')]).toEqual(['a', 'b', 'c']);
    expect(breakers.find('unknown')?.state).toBe('open');
  });

  it('are bounded: further classes are one', async () => {
    const { breakers, bad } = stage({ most: 2 });
    for (const errorClass of ['a', 'b', 'c', 'd']) await bad(errorClass);
    expect([breakers.find('b'), breakers.find('other')?.state]).toEqual([undefined, 'open']);
  });
});
