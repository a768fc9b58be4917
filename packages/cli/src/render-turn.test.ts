import { stripVTControlCharacters } from 'node:util';
import type { KeptTurn } from 'jaegis';
import { expect, test } from 'vitest';
import { renderTurn } from './render-turn.ts';

const turn: KeptTurn = {
  turn: 7,
  timeMs: Date.UTC(2026, 0, 2),
  writer: 'w',
  node: 'n1',
  version: 1,
  busy: false,
  state: {},
  handled: [],
  answered: [],
  nextOut: 1,
  seen: {},
  consumed: [],
  sent: [],
  outbox: [],
  deadLetters: [],
  inbox: { upTo: 0, ahead: [] },
  timers: [],
};
const rendered = (given: Partial<KeptTurn>) => stripVTControlCharacters(renderTurn({ ...turn, ...given }));

test('a turn is one line that says who sent what, when, and where it was written', () => {
  const handled = [
    { type: 'add', from: 'cart/1', count: 2 },
    { type: 'tick', from: undefined, count: 1 },
  ];
  expect(rendered({ handled, sent: ['a#1'] })).toBe(
    'turn 7  2026-01-02T00:00:00.000Z  n1  add ×2 from cart/1, tick  (sent 1)',
  );
});

test('a turn of a version that did not keep who sent what says so', () => {
  expect(rendered({})).toBe('turn 7  2026-01-02T00:00:00.000Z  n1  not known');
});
