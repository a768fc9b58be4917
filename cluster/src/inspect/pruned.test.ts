import type { TreeNode } from '@jaegis/core';
import { expect, it } from 'vitest';
import { pruned } from './pruned.ts';

const place = (id: string, children: TreeNode[] = [], omitted?: number): TreeNode => ({
  id,
  kind: 'supervisor',
  type: 'one_for_one',
  status: 'running',
  mailbox: 0,
  handled: 0,
  restarts: 0,
  ...(omitted === undefined ? {} : { omitted }),
  children,
});

const tree = place('root', [place('a', [place('a1'), place('a2')]), place('b', [place('b1')], 7)]);
const shape = ({ id, omitted = 0, children }: TreeNode): unknown => [id, omitted, ...children.map(shape)];

it('a tree that is small enough stays as it is', () => {
  expect(pruned(tree, 6)).toBe(tree);
});

it('of a larger one those near the root stay, and what is left out is counted', () => {
  expect(shape(pruned(tree, 4))).toEqual(['root', 0, ['a', 1, ['a1', 0]], ['b', 8]]);
  expect(shape(pruned(tree, 1))).toEqual(['root', 2]);
});
