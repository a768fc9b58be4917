import { Ask, type Message } from '@jaegis/actors';
import { type EntityId, limits, NotOwnerError } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { DoubtfulAsks } from './doubtful-asks.ts';

const entity: EntityId = { type: 'counter', key: 'a' };

function doubtful() {
  const { clock } = createSimWorld({ seed: 1 });
  const state = { isInDoubt: true, taken: [] as string[], failed: [] as string[] };
  const asks = new DoubtfulAsks({
    clock,
    isInDoubt: () => state.isInDoubt,
    take: (_, { type }) => {
      if (type === 'elsewhere') throw new NotOwnerError('as asked');
      state.taken.push(type);
    },
    refusal: () => new NotOwnerError('in doubt'),
  });
  const add = (type: string): Ask => {
    const message: Message = { type };
    const reject = (error: unknown) => state.failed.push(`${type}: ${(error as Error).message}`);
    const ask = new Ask(message, { resolve: () => {}, reject }, type);
    asks.add(entity, message, ask);
    return ask;
  };
  return { clock, asks, add, state };
}

test('asks are taken in at once where there is no doubt', () => {
  const { add, state } = doubtful();
  state.isInDoubt = false;
  add('1');
  expect(state.taken).toEqual(['1']);
  expect(() => add('elsewhere')).toThrow('as asked');
});

test('asks that came in doubt are taken in when there is none any more, before those that come then', async () => {
  const { clock, add, state } = doubtful();
  const count = limits.batch + 1;
  const names = Array.from({ length: count }, (_, index) => `${index}`);
  for (const name of names) add(name);
  await clock.advance(1_000);
  expect(state.taken).toEqual([]);
  state.isInDoubt = false;
  add('later');
  await clock.advance(100);
  expect(state.taken).toEqual([...names, 'later']);
});

test('asks that nobody waits for any more are not taken in, and those of other owners are told so', async () => {
  const { clock, add, state } = doubtful();
  add('given up').cancel();
  add('elsewhere');
  add('1');
  state.isInDoubt = false;
  await clock.advance(100);
  expect(state.taken).toEqual(['1']);
  expect(state.failed).toEqual(['given up: The ask "given up" was cancelled.', 'elsewhere: as asked']);
});

test('what is above the bound is refused, and what waits when the node stops', () => {
  const { asks, add, state } = doubtful();
  for (let index = 0; index < limits.doubtfulAsks; index++) add('x');
  expect(() => add('y')).toThrow('in doubt');
  asks.stop();
  expect(state.failed).toHaveLength(limits.doubtfulAsks);
  expect(state.failed[0]).toBe('x: in doubt');
});
