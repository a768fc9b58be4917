import type { TurnRecord } from 'jaegis';
import { expect, it } from 'vitest';
import { audit } from './audit.ts';

const turn = (number: number, sent: string[], consumed: string[]): TurnRecord => ({
  turn: number,
  writer: 'w',
  node: 'n1',
  state: {},
  consumed,
  sent,
  outbox: [],
  nextOut: 1,
  seen: {},
  handled: [],
  answered: [],
  version: 1,
  deadLetters: [],
  inbox: { upTo: 0, ahead: [] },
  timers: [],
  busy: false,
});

const of = (a: TurnRecord[], b: TurnRecord[]) =>
  audit(
    new Map([
      ['a', a],
      ['b', b],
    ]),
  );

it('finds nothing where each message was consumed once', () => {
  const found = of([turn(1, ['a#1', 'a#2'], [])], [turn(1, [], ['a#1']), turn(2, [], ['a#2'])]);
  expect(found).toEqual({ turns: 3, sent: 2, lost: [], twice: [], gaps: [] });
});

it('finds a message that nobody consumed', () => {
  expect(of([turn(1, ['a#1'], [])], []).lost).toEqual(['a#1']);
});

it('finds a message that was consumed by two turns', () => {
  expect(of([turn(1, ['a#1'], [])], [turn(1, [], ['a#1']), turn(2, [], ['a#1'])]).twice).toEqual(['a#1']);
});

it('finds a turn that is missing, and one that is there twice', () => {
  expect(of([turn(1, [], []), turn(3, [], [])], []).gaps).toHaveLength(1);
  expect(of([turn(1, [], []), turn(1, [], [])], []).gaps).toHaveLength(1);
});
