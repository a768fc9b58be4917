import { stripVTControlCharacters } from 'node:util';
import type { NodeLoad } from 'jaegis';
import { expect, it } from 'vitest';
import { renderTop } from './render-top.ts';

const load = (node: string, more: Partial<NodeLoad> = {}): NodeLoad => ({
  node,
  overMs: 1_000,
  actors: 2,
  entities: 0,
  waiting: 0,
  handledPerS: 0,
  busy: 0,
  loopDelayMs: { mean: 0.4, max: 3 },
  heapBytes: 20_000_000,
  rssBytes: 90_000_000,
  cpu: 0.03,
  deadLetters: 0,
  peers: [],
  busiest: [],
  ...more,
});
const answer = { cluster: 'shop', epoch: 4, missing: [] };
const rendered = (given: Parameters<typeof renderTop>[0]) => renderTop(given, 2).map(stripVTControlCharacters);

it('shows each node, and the busiest actors of all of them', () => {
  const actor = (address: string, busy: number) => ({ address, type: 'worker', mailbox: 3, handledPerS: 1_250, busy });
  const busy = {
    handledPerS: 1_250,
    waiting: 3,
    busy: 0.5,
    busiest: [actor('n1/user/a', 0.3), actor('n1/user/b', 0.1)],
  };
  const peers = [{ node: 'n1', unacknowledgedBytes: 1_000, waitingBytes: 500 }];
  const nodes = [load('n1', busy), load('n2', { peers, busiest: [actor('n2/user/c', 0.2)] })];
  expect(rendered({ ...answer, nodes })).toEqual([
    'shop  epoch 4, 2 nodes, 1,250 messages/s, 3 waiting',
    '',
    'node  busy  loop ms  loop max  cpu   heap  waiting  msgs/s  entities  actors  dead  unsent',
    'n1    50 %      0.4         3  3 %  20 MB        3   1,250         0       2     0     0 B',
    'n2     0 %      0.4         3  3 %  20 MB        0       0         0       2     0  1.5 KB',
    '',
    'actor      type    node  busy  msgs/s  waiting',
    'n1/user/a  worker  n1    30 %   1,250        3',
    'n2/user/c  worker  n2    20 %   1,250        3',
  ]);
});

it('names a node that did not answer', () => {
  const missing = [{ node: 'n2', error: { name: 'AskTimeoutError', message: 'Node "n2" did not answer in 1000 ms.' } }];
  const lines = rendered({ ...answer, nodes: [load('n1')], missing });
  expect(lines[0]).toBe('shop  epoch 4, 1 node, 0 messages/s, 0 waiting');
  expect(lines).toContain('n2 is not in this: Node "n2" did not answer in 1000 ms.');
  expect(lines.at(-1)).toBe('No actor has anything to do.');
});
