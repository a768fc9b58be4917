import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Ask } from './ask.ts';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';
import type { Message } from './protocol.ts';

const schema = { order: z.object({ item: z.string(), count: z.int().min(1).default(1) }) };

function shop(validate: 'boundary' | 'always') {
  const handled: unknown[] = [];
  const definition = defineActor('shop', {
    schema,
    validate,
    state: () => 0,
    on: {
      order: (_state, message: { item: string; count: number }) => {
        handled.push(message);
        return { reply: message.count };
      },
    },
  });
  return { definition, handled };
}

async function started(validate: 'boundary' | 'always' = 'boundary') {
  const { system } = testSystem();
  const { definition, handled } = shop(validate);
  const ref = await system.spawn(definition, { name: 'shop' });
  const fromOutside = (message: Message) =>
    new Promise((resolve, reject) => {
      system.receive('/user/shop', message, new Ask(message, { resolve, reject }, undefined));
    });
  return { system, ref, handled, fromOutside };
}

describe('a message from outside the process', () => {
  it('is checked: what fits arrives as the schema gives it', async () => {
    const { system, handled, fromOutside } = await started();
    const message: Message & Record<string, unknown> = { type: 'order', item: 'bread', colour: 'blue' };
    expect(await fromOutside(message)).toBe(1);
    expect(handled).toEqual([{ type: 'order', item: 'bread', count: 1 }]);
    await system.stop();
  });

  it('that does not fit never reaches the actor, and its sender gets the path of the bad value', async () => {
    const { system, handled, fromOutside } = await started();
    const message: Message & Record<string, unknown> = { type: 'order', item: 'bread', count: 0 };
    await expect(fromOutside(message)).rejects.toMatchObject({
      code: 'invalid_message',
      data: { path: '.count', type: 'order' },
    });
    expect(() => system.receive('/user/shop', message, undefined)).toThrow(
      expect.objectContaining({ code: 'invalid_message' }),
    );
    expect(handled).toEqual([]);
    await system.stop();
  });

  it('of a type that the actor does not take is refused to an asker', async () => {
    const { system, fromOutside } = await started();
    await expect(fromOutside({ type: 'refund' })).rejects.toMatchObject({ code: 'invalid_message' });
    await system.stop();
  });
});

describe('a message from inside the process', () => {
  it('is not checked by default: the compiler has', async () => {
    const { system, ref, handled } = await started();
    const wrong = { type: 'order', item: 'bread', count: 0 } as const;
    expect(await ref.ask(wrong)).toBe(0);
    expect(handled).toEqual([wrong]);
    await system.stop();
  });

  it('is checked by choice', async () => {
    const { system, ref, handled } = await started('always');
    await expect(ref.ask({ type: 'order', item: 'bread', count: 0 })).rejects.toMatchObject({
      code: 'invalid_message',
    });
    expect(() => ref.tell({ type: 'order', item: 'bread', count: 0 })).toThrow(
      expect.objectContaining({ code: 'invalid_message', data: expect.objectContaining({ path: '.count' }) }),
    );
    expect(handled).toEqual([]);
    await system.stop();
  });
});
