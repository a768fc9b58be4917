/** What a circuit breaker must do. Its defaults, where nothing else is said: 5 failures in 30 s, open for 30 s, 3 successes. */

import { CancelledError, OperationTimeoutError } from '@jaegis/core';
import { Breaker, type BreakerEvent, type BreakerOptions, Call } from '@jaegis/resilience';
import { VirtualClock } from '@jaegis/sim';
import { expect, it } from 'vitest';

const down = new Error('down');

function stage(options: BreakerOptions = {}) {
  const clock = new VirtualClock();
  const events: BreakerEvent[] = [];
  const make = (more: BreakerOptions = {}, time = clock) =>
    new Breaker({ name: 'db', onEvent: (event) => events.push(event), ...options, ...more }, { clock: time });
  const breaker = make();
  let called = 0;
  const run = (inner: () => Promise<unknown>, { on = breaker, call = new Call(inner) } = {}) =>
    on.run(call, () => {
      called++;
      return inner();
    });
  const good = (on?: Breaker) => run(() => Promise.resolve('well'), on && { on });
  /** What the call ended with. */
  const bad = (error: unknown = down, on?: Breaker) =>
    run(() => Promise.reject(error), on && { on }).then(
      () => 'no error',
      (thrown: unknown) => thrown,
    );
  const times = async (count: number, act: () => Promise<unknown>) => {
    for (let left = count; left > 0; left--) await act();
  };
  /** One that ends when it is told to. */
  const pending = (call = new Call(() => 'well')) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const result = run(() => promise, { call });
    result.catch(() => {});
    return { result, resolve, reject, call };
  };
  const told = () =>
    events.splice(0).map(({ type, reason }) => [type, typeof reason === 'string' ? reason : reason.kind]);
  return { clock, breaker, make, run, good, bad, times, pending, told, events, calls: () => called };
}

/** Open since now, and then half-open for the next call. */
async function halfOpen(options: BreakerOptions = {}) {
  const made = stage(options);
  made.breaker.trip({ kind: 'forced' });
  await made.clock.advance(30_000);
  made.told();
  return made;
}

const refusal = (state: string, retryAfterMs: number) => ({
  code: 'breaker_open',
  data: { breaker: 'db', state, retryAfterMs },
});

it('B1: failures below the threshold change nothing, and the one that reaches it opens the breaker and keeps its error', async () => {
  const { breaker, good, bad, times, told } = stage();
  await times(4, bad);
  await times(10, good);
  expect([breaker.state, told()]).toEqual(['closed', []]);
  expect(await bad()).toBe(down);
  expect([breaker.state, told()]).toEqual(['open', [['opened', 'failures']]]);
});

it('B2: old failures leave the window bucket by bucket', async () => {
  const { clock, breaker, bad, times } = stage();
  await times(2, bad);
  await clock.advance(20_000);
  await times(2, bad);
  await clock.advance(10_000);
  // The first two have left the 30 s, not yet the window of 60 s.
  await times(2, bad);
  expect([breaker.state, breaker.figures.failures]).toEqual(['closed', 6]);
  await clock.advance(30_000);
  expect(breaker.figures.failures).toBe(4);
  await clock.advance(20_000);
  expect(breaker.figures.failures).toBe(2);
  await clock.advance(10_000);
  expect(breaker.figures.failures).toBe(0);
});

it('B3: open it refuses at once, calls nothing, and says when it may be tried again', async () => {
  const { clock, breaker, good, bad, times, calls } = stage();
  await times(5, bad);
  await clock.advance(12_000);
  await expect(good()).rejects.toMatchObject(refusal('open', 18_000));
  await clock.advance(17_999);
  await expect(good()).rejects.toMatchObject(refusal('open', 1));
  expect(calls()).toBe(5);
  await clock.advance(1);
  expect([await good(), breaker.state]).toEqual(['well', 'half_open']);
});

it('B4: half-open it lets one probe through at a time, and closes after enough of them', async () => {
  const { breaker, good, pending, told } = await halfOpen();
  const probe = pending();
  await expect(good()).rejects.toMatchObject(refusal('half_open', 0));
  probe.resolve('well');
  await probe.result;
  await good();
  expect(breaker.state).toBe('half_open');
  await good();
  expect([breaker.state, told()]).toEqual([
    'closed',
    [
      ['half_opened', 'waited'],
      ['refused', 'half_open'],
      ['closed', 'recovered'],
    ],
  ]);
});

it('B4: half-open it lets as many probes through as it is told, and no more', async () => {
  const { breaker, good, pending } = await halfOpen({ probes: 2 });
  const probes = [pending(), pending()];
  await expect(good()).rejects.toMatchObject(refusal('half_open', 0));
  expect(breaker.figures.probes).toBe(2);
  probes[0]?.resolve('well');
  await probes[0]?.result;
  expect(await good()).toBe('well');
});

it('B4: one failure opens it again with a fresh wait, and the successes before count no more', async () => {
  const { clock, breaker, good, bad, times } = await halfOpen();
  await times(2, good);
  expect(await bad()).toBe(down);
  await clock.advance(29_999);
  await expect(good()).rejects.toMatchObject(refusal('open', 1));
  await clock.advance(1);
  await times(2, good);
  expect(breaker.state).toBe('half_open');
  await good();
  expect(breaker.state).toBe('closed');
});

it('B5: a probe that is cancelled frees its place, also where its operation never ends', async () => {
  const { breaker, good, pending, told } = await halfOpen();
  const probe = pending();
  probe.call.abort(new CancelledError('not wanted any more'));
  expect([breaker.state, breaker.figures.probes]).toEqual(['half_open', 0]);
  expect(await good()).toBe('well');
  expect(told()).toEqual([
    ['half_opened', 'waited'],
    ['ignored', 'filtered'],
  ]);
});

it('B5: a probe whose caller gives up for a reason of its own frees its place', async () => {
  const { breaker, pending } = await halfOpen();
  const caller = new AbortController();
  pending(new Call(() => 'well', { signal: caller.signal }));
  caller.abort('the user has left');
  expect([breaker.state, breaker.figures.probes]).toEqual(['half_open', 0]);
});

it('B5: a probe that times out opens it again, and what it comes to later is nothing to it', async () => {
  const { clock, breaker, good, pending, told } = await halfOpen();
  const probe = pending();
  probe.call.abort(new OperationTimeoutError('too long'));
  expect(breaker.state).toBe('open');
  await clock.advance(30_000);
  await good();
  probe.resolve('well');
  await probe.result;
  expect(breaker.figures).toMatchObject({ state: 'half_open', successes: 1, probes: 0 });
  expect(told()).toEqual([
    ['half_opened', 'waited'],
    ['opened', 'probe_failed'],
    ['half_opened', 'waited'],
  ]);
});

it('B5: a probe that never ends and has no time limit opens it again after a while', async () => {
  const { clock, breaker, good, pending, told } = await halfOpen();
  pending();
  await clock.advance(29_999);
  await expect(good()).rejects.toMatchObject(refusal('half_open', 0));
  await clock.advance(1);
  await expect(good()).rejects.toMatchObject(refusal('open', 30_000));
  await clock.advance(30_000);
  expect([await good(), breaker.state]).toEqual(['well', 'half_open']);
  expect(told()).toContainEqual(['opened', 'probe_overdue']);
});

it('B6: errors that a filter ignores count neither as failure nor as success', async () => {
  const options = { ignores: (error: unknown) => error === 'not yours', failureRate: 0.5, minimumCalls: 2 };
  const closed = stage(options);
  await closed.times(20, () => closed.bad('not yours'));
  expect(closed.breaker.figures).toMatchObject({ state: 'closed', calls: 0, failures: 0 });
  const half = await halfOpen(options);
  await half.times(5, () => half.bad('not yours'));
  expect(half.breaker.figures).toMatchObject({ state: 'half_open', successes: 0, probes: 0 });
});

it('B6: errors that are no failures show that what is guarded works', async () => {
  const { breaker, bad, times } = await halfOpen({ isFailure: (error) => error !== 'no such row' });
  await times(3, () => bad('no such row'));
  expect(breaker.state).toBe('closed');
  await times(20, () => bad('no such row'));
  expect(breaker.figures).toMatchObject({ state: 'closed', calls: 20, failures: 0 });
});

it('B7: slow calls count by their own threshold, also when they succeed', async () => {
  const { clock, breaker, good, pending, times, told } = stage({ slowMs: 200, slowRate: 0.5, minimumCalls: 4 });
  const slow = async (ms: number) => {
    const call = pending();
    await clock.advance(ms);
    call.resolve('well');
    expect(await call.result).toBe('well');
  };
  await times(2, good);
  await slow(199);
  await slow(200);
  await slow(900);
  expect(breaker.figures).toMatchObject({ state: 'closed', calls: 5, slow: 2, failures: 0 });
  await slow(200);
  expect(breaker.state).toBe('open');
  await clock.advance(30_000);
  await slow(200);
  expect(told()).toEqual([
    ['opened', 'slow_rate'],
    ['half_opened', 'waited'],
    ['opened', 'probe_slow'],
  ]);
});

it('B8: forced open it refuses for as long as it is told', async () => {
  const { clock, breaker, good } = stage();
  breaker.forceOpen();
  await clock.advance(86_400_000);
  await expect(good()).rejects.toMatchObject(refusal('forced_open', Number.POSITIVE_INFINITY));
  breaker.reset();
  expect([await good(), breaker.state]).toEqual(['well', 'closed']);
});

it('B8: forced closed it counts and never opens, and disabled it does not even count', async () => {
  const { breaker, bad, times } = stage({ failureRate: 0.1, minimumCalls: 1 });
  breaker.forceClosed();
  await times(20, bad);
  expect(breaker.figures).toMatchObject({ state: 'forced_closed', calls: 20, failures: 20 });
  breaker.disable();
  await times(20, bad);
  expect(breaker.figures).toMatchObject({ state: 'disabled', calls: 0, failures: 0 });
});

it.each(['forceOpen', 'forceClosed', 'disable'] as const)(
  'B8: leaving what %s does starts a clean window',
  async (act) => {
    const { breaker, bad, times, pending } = stage();
    await times(4, bad);
    breaker[act]();
    const during = act === 'forceOpen' ? undefined : pending();
    breaker.reset();
    during?.reject(down);
    await during?.result.catch(() => {});
    await times(4, bad);
    expect(breaker.figures).toMatchObject({ state: 'closed', failures: 4 });
    await bad();
    expect(breaker.state).toBe('open');
  },
);

it('B9: no rate is judged before there is a minimum number of calls', async () => {
  const { breaker, bad, good, times, told } = stage({ failures: 100, failureRate: 0.5, minimumCalls: 10 });
  await times(8, bad);
  await good();
  expect(breaker.state).toBe('closed');
  await bad();
  expect([breaker.state, told()]).toEqual(['open', [['opened', 'failure_rate']]]);
});

it('B9: a rate is of all calls of the window', async () => {
  const { breaker, bad, good, times } = stage({ failures: 100, failureRate: 0.5, minimumCalls: 10 });
  await times(20, good);
  await times(19, bad);
  expect(breaker.state).toBe('closed');
  await bad();
  expect(breaker.state).toBe('open');
});

it('B10: it tells of opened, half-opened, closed, refused and ignored, each once with its reason', async () => {
  const { clock, breaker, bad, good, times, events } = stage({
    failures: 2,
    successes: 2,
    ignores: (error) => error === 'x',
  });
  await bad('x');
  await times(2, bad);
  await good().catch(() => {});
  await clock.advance(30_000);
  await times(2, good);
  breaker.forceOpen();
  breaker.forceOpen();
  breaker.reset();
  breaker.reset();
  const told = (event: Omit<BreakerEvent, 'breaker'> & { readonly [field: string]: unknown }) => ({
    breaker: 'db',
    ...event,
  });
  expect(events).toEqual([
    told({ type: 'ignored', reason: 'filtered', error: 'x' }),
    told({ type: 'opened', reason: { kind: 'failures', failures: 2, error: down }, retryAfterMs: 30_000 }),
    told({ type: 'refused', reason: 'open', retryAfterMs: 30_000 }),
    told({ type: 'half_opened', reason: 'waited' }),
    told({ type: 'closed', reason: 'recovered' }),
    told({ type: 'opened', reason: { kind: 'forced' }, retryAfterMs: Number.POSITIVE_INFINITY }),
    told({ type: 'closed', reason: 'reset' }),
  ]);
});

it('B10: a listener that throws changes no call', async () => {
  const { breaker, good, bad, times } = stage({
    onEvent: () => {
      throw new Error('of the listener');
    },
  });
  await times(4, bad);
  expect(await bad()).toBe(down);
  expect(breaker.state).toBe('open');
  await expect(good()).rejects.toMatchObject(refusal('open', 30_000));
});

it('B11: an exported state resumes the same decisions in another process: open', async () => {
  const { clock, breaker, make, good, bad, times } = stage();
  await times(5, bad);
  await clock.advance(10_000);
  const later = new VirtualClock();
  await later.advance(1_234_567);
  const other = make({}, later);
  other.import(structuredClone(breaker.export()));
  await later.advance(19_999);
  await expect(good(other)).rejects.toMatchObject(refusal('open', 1));
  await later.advance(1);
  expect([await good(other), other.state]).toEqual(['well', 'half_open']);
});

it('B11: an exported state resumes the same decisions in another process: half-open', async () => {
  const { breaker, make, good, times, pending } = await halfOpen();
  await times(2, good);
  pending();
  const other = make({}, new VirtualClock());
  other.import(JSON.parse(JSON.stringify(breaker.export())));
  expect(other.figures).toMatchObject({ state: 'half_open', successes: 2, probes: 0 });
  await good(other);
  expect(other.state).toBe('closed');
});

it('B11: an exported state resumes the same decisions in another process: what it has counted', async () => {
  const { clock, breaker, make, bad, times } = stage();
  await times(4, bad);
  await clock.advance(29_000);
  const data = structuredClone(breaker.export());
  const [soon, late] = [new VirtualClock(), new VirtualClock()].map((time) => {
    const other = make({}, time);
    other.import(data);
    return { time, other };
  });
  await bad(down, soon?.other);
  await late?.time.advance(1_000);
  await bad(down, late?.other);
  expect([soon?.other.state, late?.other.state]).toEqual(['open', 'closed']);
});

it('B12: late successes of calls begun before it opened do not close it, and count for no probe', async () => {
  const { clock, breaker, bad, good, times, pending, told } = stage({ successes: 2 });
  const before = [pending(), pending(), pending()];
  await times(5, bad);
  before[0]?.resolve('well');
  expect(await before[0]?.result).toBe('well');
  expect(breaker.state).toBe('open');
  await clock.advance(30_000);
  await good();
  before[1]?.resolve('well');
  await before[1]?.result;
  expect(breaker.figures).toMatchObject({ state: 'half_open', successes: 1 });
  before[2]?.reject(down);
  await before[2]?.result.catch(() => {});
  expect(breaker.state).toBe('half_open');
  await good();
  expect(told()).toEqual([
    ['opened', 'failures'],
    ['ignored', 'late'],
    ['half_opened', 'waited'],
    ['ignored', 'late'],
    ['ignored', 'late'],
    ['closed', 'recovered'],
  ]);
});

it('B12: a late probe of an earlier half-open period changes nothing in the next one', async () => {
  const { clock, breaker, bad, good, pending } = await halfOpen({ probes: 3, successes: 2 });
  const [well, ill] = [pending(), pending()];
  await bad();
  await clock.advance(30_000);
  await good();
  well.resolve('well');
  ill.reject(down);
  await Promise.allSettled([well.result, ill.result]);
  expect(breaker.figures).toMatchObject({ state: 'half_open', successes: 1, probes: 0 });
});
