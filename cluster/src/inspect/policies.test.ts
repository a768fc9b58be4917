import { type Announcement, type DoorPolicy, Doors } from '@jaegis/actors';
import { Deadlines, type PolicyNews } from '@jaegis/core';
import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Policies } from './policies.ts';

function start() {
  const clock = new VirtualClock();
  const told: Announcement[] = [];
  let listener: ((event: PolicyNews) => void) | undefined;
  const policy = {
    name: 'prices',
    inspect: () => ({
      name: 'prices',
      parts: [{ name: 'breaker', state: { retryAfterMs: Number.POSITIVE_INFINITY } }],
    }),
    onEvent: (given: (event: PolicyNews) => void) => {
      listener = given;
      return () => {
        listener = undefined;
      };
    },
  };
  const policies = new Policies({
    policies: [policy],
    doors: { policies: [], watch: () => () => {} },
    clock,
    announce: (event) => void told.push(event),
  });
  policies.start();
  const say = (event: Omit<PolicyNews, 'policy'> & Readonly<Record<string, unknown>>) =>
    listener?.({ policy: 'prices', ...event });
  return { clock, told, policies, say };
}

describe('of the policies of a node', () => {
  it('the changes of breakers are told, with errors as data', () => {
    const { told, say } = start();
    const reason = { kind: 'failures', failures: 2, error: new Error('down') };
    say({ type: 'opened', part: 'breaker', reason, retryAfterMs: 5 });
    say({ type: 'closed', part: 'breaker', reason: 'recovered' });
    const same = { type: 'policy', policy: 'prices', part: 'breaker' };
    expect(told).toEqual([
      {
        ...same,
        change: 'opened',
        retryAfterMs: 5,
        reason: { ...reason, error: expect.objectContaining({ message: 'down' }) },
      },
      { ...same, change: 'closed', reason: 'recovered' },
    ]);
    expect(JSON.stringify(told)).not.toContain('stack');
  });

  it('retries and single refusals of an open breaker are not told', () => {
    const { told, say } = start();
    say({ type: 'retry', number: 1 });
    say({ type: 'refused', part: 'breaker', reason: 'open' });
    expect(told).toEqual([]);
  });

  it('calls that are shed are told at once, and then together every ten seconds while there are more', async () => {
    const { clock, told, say } = start();
    for (let call = 0; call < 5; call++) say({ type: 'overloaded', part: 'bulkhead', why: 'full' });
    await clock.advance(10_000);
    say({ type: 'overloaded', part: 'bulkhead', why: 'full' });
    say({ type: 'refused', part: 'rateLimit', retryAfterMs: 5 });
    const same = { type: 'policy', policy: 'prices', change: 'refusing' };
    expect(told).toEqual([
      { ...same, part: 'bulkhead', refused: 1 },
      { ...same, part: 'bulkhead', refused: 5 },
      { ...same, part: 'rateLimit', refused: 1 },
    ]);
  });

  it('what one at a door has refused is forgotten when that closes', () => {
    const clock = new VirtualClock();
    const told: Announcement[] = [];
    const doors = new Doors({ clock, deadlines: new Deadlines(clock) }, undefined);
    new Policies({ policies: [], doors, clock, announce: (event) => void told.push(event) }).start();
    for (let actor = 0; actor < 2; actor++) {
      const listeners = new Set<(event: PolicyNews) => void>();
      const policy: DoorPolicy = {
        name: 'n1/user/w',
        run: async () => undefined as never,
        inspect: () => ({ name: 'n1/user/w', parts: [] }),
        onEvent: (listener) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      };
      const door = doors.open(policy, 'n1/user/w');
      for (const say of listeners) say({ type: 'overloaded', policy: 'n1/user/w', part: 'bulkhead' } as PolicyNews);
      doors.close(door);
      expect(listeners.size).toBe(0);
    }
    expect(told).toEqual([expect.objectContaining({ refused: 1 }), expect.objectContaining({ refused: 1 })]);
  });

  it('one of which there are two takes no order, and neither does one that cannot', () => {
    const { policies } = start();
    const order = { breaker: 'reset' } as const;
    expect(() => policies.obey('prices', order)).toThrow('takes no orders');
    expect(() => policies.obey('price', order)).toThrow(expect.objectContaining({ code: 'no_such_policy' }));
    const named = { name: 'twins', inspect: () => ({ name: 'twins', parts: [] }), onEvent: () => () => {} };
    const doors = { policies: [{ ...named, run: async () => undefined as never }], watch: () => () => {} };
    const twice = new Policies({ policies: [named], doors, clock: new VirtualClock(), announce: () => {} });
    expect(() => twice.obey('twins', order)).toThrow('the name of several');
  });

  it('states are shown as JSON has them', () => {
    const { policies } = start();
    expect(policies.views()).toEqual([
      { name: 'prices', parts: [{ name: 'breaker', state: { retryAfterMs: 'Infinity' } }] },
    ]);
  });

  it('nothing is told once the node stops', () => {
    const { policies, told, say } = start();
    policies.stop();
    say({ type: 'disabled', part: 'breaker' });
    expect(told).toEqual([]);
  });
});
