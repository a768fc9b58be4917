import { stripVTControlCharacters } from 'node:util';
import type { TreeAnswer, TreeNode } from 'jaegis';
import { expect, it } from 'vitest';
import { renderTree } from './render-tree.ts';
import { treeSvg } from './tree-svg.ts';

const place = (id: string, kind: TreeNode['kind'], more: Partial<TreeNode> = {}): TreeNode => ({
  id,
  kind,
  type: 'one_for_one',
  status: 'running',
  mailbox: 0,
  handled: 0,
  restarts: 0,
  children: [],
  ...more,
});

const answer: TreeAnswer = {
  cluster: 'shop',
  epoch: 4,
  nodes: [
    place('n1', 'node', {
      children: [
        place('user', 'supervisor', {
          policies: [{ name: 'cart', breaker: 'closed', underWay: 3, refused: 0 }],
          children: [place('w', 'actor', { policy: { name: 'n1/user/w', breaker: 'open', underWay: 0, refused: 7 } })],
        }),
        place('entities', 'supervisor', {
          children: [
            place('cart/<7>', 'entity', { mailbox: 2, handled: 9 }),
            place('cart/8', 'entity', { restarts: 3 }),
            place('cart/9', 'entity', { deadLetters: 2, quarantined: 1 }),
            place('cart/10', 'entity', { deadLetters: 0, quarantined: 0 }),
          ],
        }),
      ],
    }),
    place('n2', 'node', { status: 'silent' }),
  ],
};

it('draws nodes, supervisors and what runs under them', () => {
  expect(stripVTControlCharacters(renderTree(answer)).split('\n')).toEqual([
    'shop  epoch 4, 2 nodes',
    '├─ n1 running',
    '│  ├─ user one_for_one, policy cart 3 under way',
    '│  │  └─ w running mailbox 0, handled 0, policy breaker open 0 under way, 7 refused',
    '│  └─ entities one_for_one',
    '│     ├─ cart/<7> running mailbox 2, handled 9',
    '│     ├─ cart/8 running mailbox 0, handled 0, restarted 3×',
    '│     ├─ cart/9 running mailbox 0, handled 0, dead letters 2, quarantined 1',
    '│     └─ cart/10 running mailbox 0, handled 0',
    '└─ n2 does not answer',
  ]);
});

it('draws the same as SVG, with healed branches marked and names escaped', () => {
  const svg = treeSvg(answer, new Set(['cart/<7>']));
  expect(svg).toContain('cart/&lt;7&gt; healed');
  expect(svg).toContain('cart/8 healed');
  expect(svg).toContain('n2 does not answer');
  expect(svg).not.toContain('user one_for_one healed');
});
