import type { JaegisError } from '@jaegis/core';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkPayload, type Schemas } from './payload.ts';
import type { Message } from './protocol.ts';
import type { SchemaResult, StandardSchema } from './standard-schema.ts';

/** The same order in each library: a street, a list of items with amounts, a note with a default. */
const libraries: Readonly<Record<string, StandardSchema>> = {
  zod: z.object({
    address: z.object({ street: z.string() }),
    items: z.array(z.object({ amount: z.number() })),
    note: z.string().default('none'),
  }),
  valibot: v.object({
    address: v.object({ street: v.string() }),
    items: v.array(v.object({ amount: v.number() })),
    note: v.optional(v.string(), 'none'),
  }),
  arktype: type({
    address: { street: 'string' },
    items: type({ amount: 'number' }).array(),
    note: "string = 'none'",
  }),
};

const order = { address: { street: 'Main Street' }, items: [{ amount: 1 }] };

async function refusal(schemas: Schemas, message: Message): Promise<JaegisError> {
  try {
    await checkPayload('shop', schemas, message);
  } catch (error) {
    return error as JaegisError; // nothing else is thrown, as the assertions on it show
  }
  return expect.unreachable('the message was taken');
}

/** A schema made by hand. */
const standard = (validate: (value: unknown) => unknown): StandardSchema => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: validate as (value: unknown) => SchemaResult<unknown>, // also wrong ones, on purpose
  },
});

describe.each(Object.entries(libraries))('a schema of %s', (_, schema) => {
  const schemas = { order: schema };

  test('takes a good message at once and keeps its type', () => {
    const message = { type: 'order', ...order, note: 'soon' };
    expect(checkPayload('shop', schemas, message)).toEqual(message);
  });

  test('fills in defaults', () => {
    expect(checkPayload('shop', schemas, { type: 'order', ...order } as Message)).toEqual({
      type: 'order',
      ...order,
      note: 'none',
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ['.address.street', { ...order, address: { street: 7 } }],
    ['.address.street', { ...order, address: {} }],
    ['.address', { items: [] }],
    ['.items[1].amount', { ...order, items: [{ amount: 1 }, { amount: '2' }] }],
    ['.items', { ...order, items: 'many' }],
    ['.note', { ...order, note: 3 }],
  ])('names %s in %j', async (path, fields) => {
    const error = await refusal(schemas, { type: 'order', ...fields });
    expect(error.code).toBe('invalid_message');
    expect(error.data).toEqual({ path, type: 'order', issues: [{ path, message: expect.any(String) }] });
    expect(error.message).toContain('"shop"');
    expect(error.message).toContain('"order"');
    expect(error.message).toContain(`${path}: `);
  });
});

test.each<[string, StandardSchema]>([
  ['zod', z.strictObject({ street: z.string() })],
  ['valibot', v.strictObject({ street: v.string() })],
  ['arktype', type({ '+': 'reject', street: 'string' })],
])('a strict schema of %s does not see the type of the message, but what is too much', async (_, schema) => {
  const message = { type: 'move', street: 'Main Street' };
  expect(checkPayload('shop', { move: schema }, message)).toEqual(message);
  const error = await refusal({ move: schema }, { ...message, city: 'X' } as Message);
  expect(error.code).toBe('invalid_message');
});

test.each<[string, StandardSchema]>([
  ['zod', z.object({ n: z.number().refine(async (n) => n > 0, 'too small') })],
  [
    'valibot',
    v.objectAsync({
      n: v.pipeAsync(
        v.number(),
        v.checkAsync(async (n) => n > 0, 'too small'),
      ),
    }),
  ],
])('an asynchronous schema of %s is awaited', async (_, schema) => {
  const schemas = { add: schema };
  const checked = checkPayload('shop', schemas, { type: 'add', n: 1 } as Message);
  expect(checked).toBeInstanceOf(Promise);
  expect(await checked).toEqual({ type: 'add', n: 1 });
  const error = await refusal(schemas, { type: 'add', n: -1 } as Message);
  expect(error.data).toEqual({ path: '.n', type: 'add', issues: [{ path: '.n', message: 'too small' }] });
});

test('a message without a schema comes back as it is, whatever its type is called', () => {
  for (const name of ['other', 'constructor', '__proto__', 'toString']) {
    const message = { type: name, any: 'thing' };
    expect(checkPayload('shop', { order: standard(() => ({ issues: [{ message: 'never' }] })) }, message)).toBe(
      message,
    );
  }
});

test('a schema cannot change the type of a message', () => {
  const schema = standard(() => ({ value: { type: 'other', n: 1 } }));
  expect(checkPayload('shop', { add: schema }, { type: 'add' })).toEqual({ type: 'add', n: 1 });
});

test('all issues are told, the first in the message', async () => {
  const schema = z.object({ a: z.string(), 'b c': z.string() });
  const error = await refusal({ add: schema }, { type: 'add' });
  expect(error.data).toMatchObject({ path: '.a', issues: [{ path: '.a' }, { path: '["b c"]' }] });
  expect(error.message).toContain('.a: ');
});

test('an issue of the whole message has an empty path', async () => {
  const error = await refusal({ add: standard(() => ({ issues: [{ message: 'not now' }] })) }, { type: 'add' });
  expect(error.data).toEqual({ path: '', type: 'add', issues: [{ path: '', message: 'not now' }] });
  expect(error.message).toBe('Actor "shop" takes no such "add": the message: not now.');
});

test.each([
  [
    'throws',
    () => {
      throw new TypeError('odd');
    },
  ],
  ['rejects', () => Promise.reject(new TypeError('odd'))],
])('a schema that %s refuses the message', async (_, validate) => {
  const error = await refusal({ add: standard(validate) }, { type: 'add' });
  expect(error.code).toBe('invalid_message');
  expect(error.message).toContain('odd');
  expect(error.cause).toBeInstanceOf(TypeError);
});

test.each([[7], ['text'], [null], [undefined], [[1]]])(
  'a schema that makes %j of the fields is refused',
  async (value) => {
    const error = await refusal({ add: standard(() => ({ value })) }, { type: 'add' });
    expect(error.code).toBe('invalid_definition');
    expect(error.data).toEqual({ path: '.schema.add' });
  },
);
