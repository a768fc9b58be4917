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
