import { describe, expect, it } from 'vitest';
import { defineActor } from '../run/definition.ts';
import { testSystem } from '../run/kernel.test-system.ts';

const plain = defineActor('plain', { state: () => 0, on: { ping: () => ({ reply: 'pong' }) } });

describe('a child without a name', () => {
  it('takes no name that a sibling has, though that is a number', async () => {
    const { system } = testSystem();
    const named = await system.spawn(plain, { name: '1' });
    const unnamed = await system.spawn(plain);
    expect(named.address).toBe('n1/user/1');
    expect(unnamed.address).not.toBe(named.address);
    expect(system.inspect().children).toHaveLength(2);
    await system.stop();
    await expect(named.ask({ type: 'ping' })).rejects.toMatchObject({ code: 'actor_stopped' });
  });
});

describe('a child that is spawned while its siblings are ended', () => {
  it('is refused, and does not live on', async () => {
    const { system } = testSystem();
    const gate = Promise.withResolvers<void>();
    const slow = defineActor('slow', { state: () => 0, stop: () => gate.promise, on: {} });
    const started: string[] = [];
    const late = defineActor('late', { state: (key) => started.push(key), on: {} });
    await system.spawn(slow);
    const stopped = system.stop();
    const spawned = system.spawn(late);
    gate.resolve();
    await expect(spawned).rejects.toMatchObject({ code: 'actor_stopped' });
    await stopped;
    expect(started).toEqual([]);
  });
});
