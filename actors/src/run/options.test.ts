import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { defineMachine } from '../machine/definition.ts';
import { postpone } from './action.ts';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';

const plain = { state: () => 0, on: { hit: () => ({ reply: 1 }) } };
const machine = () => createMachine({});
const aSchema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } };

it.each([
  ['an option that nobody knows', { ...plain, mailboxx: 1 }, 'mailboxx'],
  ['an option of its mailbox that nobody knows', { ...plain, mailbox: { limits: 1 } }, 'mailbox.limits'],
  ['an option of its retries that nobody knows', { ...plain, retry: { attempts: 1, delay: 1 } }, 'retry.delay'],
  ['a signal that nobody sends', { ...plain, signals: { up: () => {} } }, 'signals.up'],
  ['a mailbox that is a number', { ...plain, mailbox: 5 }, 'mailbox'],
  ['retries that are a number', { ...plain, retry: 3 }, 'retry'],
  ['a schema for a message that it does not take', { ...plain, schema: { hot: aSchema } }, 'schema.hot'],
  ['a schema that is none', { ...plain, schema: { hit: { type: 'object' } } }, 'schema.hit'],
  ['no first state', { on: {} }, 'state'],
  ['a handler that is no function', { ...plain, on: { hit: 5 } }, 'on.hit'],
  ['a stop that is no function', { ...plain, stop: 5 }, 'stop'],
])('a definition with %s is refused with its path', (_, spec, path) => {
  const refused = expect.objectContaining({
    code: 'invalid_definition',
    data: expect.objectContaining({ path }),
    message: expect.stringContaining(path),
  });
  expect(() => defineActor('clerk', spec as never)).toThrow(refused);
});

it.each([
  ['an option that nobody knows', { restor: {} }, 'restor'],
  ['a choice of restoring that nobody knows', { restore: { delay: 'anew' } }, 'restore.delay'],
])('a machine with %s is refused with its path', (_, options, path) => {
  const refused = expect.objectContaining({ data: expect.objectContaining({ path }) });
  expect(() => defineMachine('m', machine, options as never)).toThrow(refused);
});

it('a spawn with an option that nobody knows is refused, and nothing is started', async () => {
  const { system } = testSystem();
  const clerk = defineActor('clerk', plain);
  await expect(system.spawn(clerk, { nam: 'ann' } as never)).rejects.toMatchObject({
    code: 'invalid_definition',
    data: { path: 'nam' },
  });
  expect(system.inspect().children).toEqual([]);
  await system.stop();
});

it.each([-1, Number.NaN, '5'])(
  'an ask with a time limit of %s is refused, and its actor hears nothing',
  async (timeoutMs) => {
    const { system } = testSystem();
    const heard: unknown[] = [];
    const clerk = defineActor('clerk', { state: () => 0, on: { hit: () => void heard.push('hit') } });
    const asker = defineActor('asker', {
      state: () => system.named('clerk'),
      on: { go: async (to, _, context) => ({ reply: await context.ask(to, { type: 'hit' }, { timeoutMs } as never) }) },
    });
    const refused = { code: 'invalid_config', data: { path: 'timeoutMs' } };
    const ref = await system.spawn(clerk, { register: 'clerk' });
    await expect(ref.ask({ type: 'hit' }, { timeoutMs } as never)).rejects.toMatchObject(refused);
    const through = await system.spawn(asker);
    await expect(through.ask({ type: 'go' })).rejects.toMatchObject({ code: 'actor_crashed', cause: refused });
    expect(heard).toEqual([]);
    await system.stop();
  },
);

it.each([
  ['a misspelt field', { replay: 1 }, 'an object with "replay"'],
  ['a list', [1], 'a list'],
  ['an action that was not called', { actions: [postpone] }, 'the function postpone; call it'],
  ['an action without its list', { actions: postpone() }, 'actions that are no list'],
])('a handler that returns %s crashes with what is wrong', async (_, returned, message) => {
  const { system } = testSystem();
  const odd = defineActor('odd', { state: () => 0, on: { hit: () => returned as never } });
  const ref = await system.spawn(odd);
  await expect(ref.ask({ type: 'hit' })).rejects.toMatchObject({
    code: 'actor_crashed',
    cause: { code: 'invalid_return', message: expect.stringContaining(message) },
  });
  await system.stop();
});

it('a ref is shown by its address, and not by what is behind it', async () => {
  const { system } = testSystem();
  const ref = await system.spawn(defineActor('clerk', plain), { name: 'ann' });
  expect(inspect({ ref })).toBe('{ ref: <n1/user/ann> }');
  await system.stop();
});
