import { describe, expect, test } from 'vitest';
import { traceOf, trailOf } from './audit.ts';

const inbox = { sequence: 4, previous: 0, timer: undefined, refusal: undefined };

describe('the sender of a message', () => {
  test.each([
    ['a durable message of an entity is that entity', { id: 'cart/1#3' }, 'cart/1'],
    ['an ask is who asked', { id: 'some-key', sender: 'n1' }, 'n1'],
    [
      'a timer is the timer, by its name',
      { id: '@#4', inbox: { ...inbox, timer: { name: 'daily', id: 'a1' } } },
      'timer:daily',
    ],
    ['a message of the inbox is who put it there', { id: '@#4', inbox, sender: 'client' }, 'client'],
    ['a message of the inbox that an older node put there is not known', { id: '@#4', inbox }, undefined],
    ['a tell is not known', { id: undefined }, undefined],
  ])('of %s', (_, delivery, from) => {
    expect(traceOf({ type: 'add' }, delivery)).toEqual({ type: 'add', from });
  });
});

test('messages of one type and sender that follow each other are one entry, and questions are none', () => {
  const step = (type: string, from: string, changes = true) => ({ trace: { type, from }, changes });
  const steps = [
    step('add', 'a'),
    step('total', 'a', false),
    step('add', 'a'),
    step('add', 'b'),
    { trace: undefined, changes: true },
    step('add', 'a'),
  ];
  expect(trailOf(steps)).toEqual([
    { type: 'add', from: 'a', count: 2 },
    { type: 'add', from: 'b', count: 1 },
    { type: 'add', from: 'a', count: 1 },
  ]);
});
