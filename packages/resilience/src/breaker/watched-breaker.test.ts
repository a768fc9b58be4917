import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { describe, expect, it, test } from 'vitest';
import { Call } from '../call.ts';
import { Policy } from '../policy/policy.ts';
import { Breaker } from './breaker.ts';
import type { BreakerEvent } from './events.ts';
import { type Forecast, ForecastWatcher } from './forecast.ts';
import { type BreakerWatcher, WatchedBreaker } from './watched-breaker.ts';

function stage(watchersOf: (clock: VirtualClock) => BreakerWatcher[]) {
  const clock = new VirtualClock();
  const events: BreakerEvent[] = [];
  const breaker = new Breaker(
    { name: 'db', failures: Number.POSITIVE_INFINITY, onEvent: (event) => events.push(event) },
    { clock },
  );
  const watched = new WatchedBreaker({ breaker, watchers: watchersOf(clock) }, { clock });
  const run = (inner: () => Promise<unknown>) => watched.run(new Call(inner), inner).catch((error: unknown) => error);
  const good = () => run(() => Promise.resolve('well'));
  const bad = () => run(() => Promise.reject(new Error('down')));
  return { clock, breaker, watched, events, good, bad };
}

describe('a forecast', () => {
  const of = (forecast: Forecast) => stage(() => [new ForecastWatcher(forecast)]);

  it('opens the breaker before anything fails, and its reason is told', async () => {
    let likelihood = 0.5;
    const { clock, breaker, good, events } = of(() => ({ likelihood, reason: 'the queue grows' }));
    await clock.advance(1_000);
    expect([await good(), breaker.state]).toEqual(['well', 'closed']);
    likelihood = 0.95;
    expect([await good(), breaker.state]).toEqual(['well', 'closed']);
    await clock.advance(1_000);
    expect(await good()).toMatchObject({ code: 'breaker_open' });
    expect(events[0]).toMatchObject({
      type: 'opened',
      reason: { kind: 'forecast', likelihood: 0.95, reason: 'the queue grows' },
    });
  });

  it('that throws, or knows nothing, changes nothing', async () => {
    const { clock, breaker, good } = of(({ calls }) => {
      if (calls === 0) return undefined;
      throw new Error('of the forecast');
    });
    for (let left = 5; left > 0; left--) {
      await clock.advance(1_000);
      expect(await good()).toBe('well');
    }
    expect(breaker.state).toBe('closed');
  });

  it.each([{ likelihood: 0 }, { likelihood: 1.1 }, { everyMs: -1 }])('with %j is refused', (options) => {
    expect(() => new ForecastWatcher(() => undefined, options)).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    );
  });
});

test('a breaker that nobody calls is not looked at', async () => {
  let looks = 0;
  const { clock, good } = stage(() => [{ name: 'own', everyMs: 10, look: () => looks++ }]);
  await clock.advance(1_000);
  expect([looks, clock.pending]).toEqual([0, 0]);
  await good();
  await good();
  expect(looks).toBe(1);
});

test('what calls come to is told to whoever watches, and not what is refused', async () => {
  const told: unknown[] = [];
  const watcher = {
    name: 'own',
    everyMs: 10,
    look: () => {},
    succeeded: (tookMs: number) => told.push(tookMs),
    failed: ({ state }: Breaker, error: Error) => told.push([error.message, state]),
  };
  const { clock, breaker, good, bad } = stage(() => [watcher]);
  await good();
  await bad();
  breaker.forceOpen();
  await good();
  await clock.advance(10);
  expect(told).toEqual([0, ['down', 'closed']]);
});

test('its state and what its watchers say is shown, and its events are told', () => {
  const own = { name: 'own', everyMs: 10, look: () => {}, inspect: () => ({ known: 3 }) };
  const { breaker, watched } = stage(() => [own, new ForecastWatcher(() => undefined)]);
  const heard: string[] = [];
  watched.listen(({ type }) => heard.push(type));
  breaker.forceOpen();
  expect(watched.inspect()).toEqual({ ...breaker.figures, watchers: { own: { known: 3 } } });
  expect(heard).toEqual(['opened']);
});

test('its state and what its watchers know can be gone on from, and what one does not know is open nevertheless', () => {
  const knowing = (known: number) => {
    const own = {
      name: 'own',
      everyMs: 10,
      look: () => {},
      known,
      export: () => own.known,
      import: (data: unknown) => {
        if (typeof data !== 'number') throw new Error('unusable');
        own.known = data;
      },
    };
    return own;
  };
  const [one, other] = [knowing(7), knowing(0)];
  const first = stage(() => [one]);
  first.breaker.trip({ kind: 'forced' }, 500);
  const data = JSON.parse(JSON.stringify(first.watched.export()));
  const second = stage(() => [other]);
  second.watched.import(data, 200);
  expect([other.known, second.breaker.figures.retryAfterMs]).toEqual([7, 300]);
  const third = stage(() => [other]);
  expect(() => third.watched.import({ ...data, watchers: { own: 'x' } })).toThrow('unusable');
  expect([other.known, third.breaker.state]).toEqual([7, 'open']);
  expect(() => third.watched.import({} as never)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
});

test('a policy hands its orders on to it, also that it is to forget', async () => {
  let forgotten = 0;
  const own = { name: 'own', everyMs: 10, look: () => {}, forget: () => forgotten++ };
  const { clock, breaker, watched } = stage(() => [own]);
  const policy = new Policy({ breaker: watched }, { clock, random: new SeededRandom(1) });
  const states = (['open', 'disable', 'reset'] as const).map((order) => {
    policy.obey({ breaker: order });
    return breaker.state;
  });
  expect(states).toEqual(['forced_open', 'disabled', 'closed']);
  policy.obey({ breaker: 'forget' });
  expect(forgotten).toBe(1);
});

test('a watcher that throws changes no call', async () => {
  const fail = () => {
    throw new Error('of the watcher');
  };
  const { good, bad } = stage(() => [{ name: 'own', everyMs: 10, look: fail, succeeded: fail, failed: fail }]);
  expect([await good(), await bad()]).toEqual(['well', new Error('down')]);
});

test('two watchers of one name are refused', () => {
  const own = { name: 'own', everyMs: 10, look: () => {} };
  expect(() => stage(() => [own, own])).toThrow(expect.objectContaining({ data: { path: 'breaker.watchers' } }));
});
