import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Call } from '../call.ts';
import { ClusterBreaker } from './cluster-breaker.ts';
import type { BreakerEvent } from './events.ts';
import { MemoryBoard } from './memory-board.ts';
import type { BreakerOptions } from './settings.ts';

function stage(options: BreakerOptions = {}) {
  const clock = new VirtualClock();
  const board = new MemoryBoard(clock);
  const node = (name: string) => {
    const events: unknown[] = [];
    const onEvent = ({ type, reason }: BreakerEvent) =>
      events.push(`${type} ${typeof reason === 'string' ? reason : reason.kind}`);
    const breaker = new ClusterBreaker({ name: 'db', failures: 2, ...options, onEvent }, { clock, board, node: name });
    const run = (inner: () => Promise<unknown>, call = new Call(inner)) =>
      breaker.run(call, inner).catch((error: unknown) => error);
    const good = () => run(() => Promise.resolve('well'));
    const bad = () => run(() => Promise.reject(new Error('down')));
    const pending = (call = new Call(() => 'well')) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      return { result: run(() => promise, call), resolve, call };
    };
    return { breaker, good, bad, pending, events, state: () => breaker.breaker.state };
  };
  const [a, b, c] = [node('a'), node('b'), node('c')];
  const states = () => [a, b, c].map(({ state }) => state());
  return { clock, board, a, b, c, states };
}

const busy = { code: 'breaker_open', data: { breaker: 'db', state: 'half_open', retryAfterMs: 0 } };

describe('the breakers of a cluster', () => {
  it('open together, and close together', async () => {
    const { clock, a, b, states } = stage({ successes: 2 });
    await a.bad();
    await a.bad();
    expect([states(), b.events]).toEqual([['open', 'open', 'open'], ['opened cluster']]);
    await clock.advance(30_000);
    await b.good();
    await b.good();
    expect(states()).toEqual(['closed', 'closed', 'closed']);
    expect([a.events.at(-1), b.events.at(-1)]).toEqual(['closed cluster', 'closed recovered']);
  });

  it('let through only so many probes in all', async () => {
    const { clock, a, b, c } = stage({ probes: 2 });
    await a.bad();
    await a.bad();
    await clock.advance(30_000);
    const probes = [a.pending(), b.pending()];
    expect(await c.good()).toMatchObject(busy);
    expect(c.events).toEqual(['opened cluster', 'half_opened waited', 'refused half_open']);
    probes[0]?.resolve('well');
    await probes[0]?.result;
    expect(await c.good()).toBe('well');
  });

  it('open again together when one probe fails', async () => {
    const { clock, a, b, states } = stage();
    await a.bad();
    await a.bad();
    await clock.advance(30_000);
    await a.good();
    await b.bad();
    expect(states()).toEqual(['open', 'open', 'open']);
    expect(a.breaker.breaker.figures.retryAfterMs).toBe(30_000);
  });

  it('give the place of a probe back that was given up, or that its node took with it', async () => {
    const { clock, a, b } = stage({ probeMs: 5_000 });
    await a.bad();
    await a.bad();
    await clock.advance(30_000);
    const givenUp = a.pending();
    await clock.advance(1);
    givenUp.call.abort(new DOMException('left', 'AbortError'));
    const lost = a.pending();
    await clock.advance(1);
    expect(await b.good()).toMatchObject(busy);
    await clock.advance(5_000);
    expect(await b.good()).toBe('well');
    lost.resolve('well');
  });

  it('decide each by itself while the board cannot be reached', async () => {
    const { clock, board, a, b, states } = stage({ successes: 1 });
    board.isReachable = false;
    await a.bad();
    await a.bad();
    expect(states()).toEqual(['open', 'closed', 'closed']);
    await b.bad();
    await b.bad();
    await clock.advance(30_000);
    expect([await a.good(), states()]).toEqual(['well', ['closed', 'open', 'closed']]);
  });

  it('leave to each node what was forced there', async () => {
    const { a, b, c, states } = stage();
    b.breaker.breaker.forceClosed();
    c.breaker.breaker.forceOpen();
    expect(states()).toEqual(['closed', 'forced_closed', 'forced_open']);
    await a.bad();
    await a.bad();
    expect(states()).toEqual(['open', 'forced_closed', 'forced_open']);
    b.breaker.breaker.disable();
    c.breaker.breaker.reset();
    expect(states()).toEqual(['open', 'disabled', 'closed']);
  });

  it('hear nothing once they are closed down, and can be tuned', async () => {
    const { a, b, states } = stage();
    b.breaker.close();
    a.breaker.tune({ failures: 1 });
    await a.bad();
    expect(states()).toEqual(['open', 'closed', 'open']);
  });
});
