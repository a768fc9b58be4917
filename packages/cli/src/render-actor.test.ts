import { stripVTControlCharacters } from 'node:util';
import type { ActiveActor } from 'jaegis';
import { expect, it } from 'vitest';
import { renderActor } from './render-actor.ts';

const noon = new Date(2026, 0, 2, 12).getTime();
const rendered = (answer: Parameters<typeof renderActor>[0]) => renderActor(answer, noon).map(stripVTControlCharacters);

const idle: ActiveActor = {
  node: 'n1',
  address: 'n1/user/a',
  id: 'a',
  kind: 'actor',
  type: 'worker',
  status: 'running',
  incarnation: 1,
  mailbox: 0,
  highWater: 0,
  handled: 0,
  restarts: 0,
  children: [],
  waitsFor: [],
  waiting: [],
  history: [],
  links: [],
  watchers: [],
  watching: [],
  names: [],
  groups: [],
  timers: 0,
};

it('an actor that has done nothing is three lines', () => {
  expect(rendered(idle)).toEqual([
    'n1/user/a  worker  running on n1',
    '  life       1',
    '  mailbox    0 waiting, 0 at most; 0 handled in 0 ms',
  ]);
});

it('one at work is shown with what it does, knows, did, and why it crashed', () => {
  const busy: ActiveActor = {
    ...idle,
    restarts: 1,
    incarnation: 2,
    failures: 1,
    mailbox: 1,
    handled: 5,
    highWater: 3,
    busyMs: 1_500,
    deadLetters: 2,
    handling: { type: 'pay', message: { type: 'pay', by: 3 } },
    waitsFor: [{ to: 'bank/1', type: 'take' }],
    policy: { name: 'n1/user/a', breaker: 'half_open', underWay: 2, refused: 5 },
    links: ['n1/user/b', 'n2/user/c'],
    timers: 2,
    mode: 'open',
    state: { total: 7 },
    waiting: [{ type: 'close' }],
    history: [{ type: 'open', mode: 'open' }],
    lastCrash: {
      at: noon - 1_000,
      incarnation: 1,
      error: { name: 'TypeError', message: 'no number', code: 'E' },
      handling: { type: 'add', message: { type: 'add' } },
      asker: 'n1/user/b',
      history: [{ type: 'begin' }],
    },
  };
  expect(rendered(busy).slice(1)).toEqual([
    '  life       2, restarted 1×, 1 failures',
    '  mailbox    1 waiting, 3 at most; 5 handled in 1.5 s',
    '  letters    2 given up, 0 turns lost; see jaegis letters',
    '  now        handles pay {"by":3}',
    '             waits for bank/1 to answer take',
    '  policy     n1/user/a, breaker half_open, 2 under way, 5 refused',
    '  links      n1/user/b, n2/user/c',
    '  timers     2',
    '  mode       open',
    '  state      {',
    '               "total": 7',
    '             }',
    '  waiting    close',
    '  handled    open → open',
    '  crash      TypeError: no number (E)',
    '             at 11:59:59.000, ended life 1',
    '             on add, asked by n1/user/b',
    '             after begin',
  ]);
});

it('an entity in nobody’s memory is shown by its record, with who did not say whether it is active', () => {
  const passive = {
    node: 'n2',
    address: 'cart/7',
    id: 'cart/7',
    kind: 'entity',
    type: 'cart',
    status: 'passive',
    turn: 4,
    writtenMs: noon,
    writtenBy: 'n1',
    deadLetters: 1,
  } as const;
  expect(rendered(passive)).toEqual([
    'cart/7  cart  passive',
    '  home       n2, which wakes it at its next message',
    '  turn       4, written by n1 at 12:00:00.000',
    '  letters    1 given up; see jaegis letters',
  ]);
  const error = { name: 'AskTimeoutError', message: 'Node "n2" did not answer in 1000 ms.' };
  expect(rendered({ ...passive, deadLetters: 0, missing: [{ node: 'n2', error }] })).toEqual([
    'cart/7  cart  as last written',
    '  home       n2',
    '  turn       4, written by n1 at 12:00:00.000',
    'n2 is not in this: Node "n2" did not answer in 1000 ms.',
  ]);
});
