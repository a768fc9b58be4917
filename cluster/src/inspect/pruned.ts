import type { TreeNode } from '@jaegis/core';

/** A tree of so many places at most: those near the root stay, and each says how many of its children are left out. */
export function pruned(tree: TreeNode, most: number): TreeNode {
  const kept = new Set<TreeNode>([tree]);
  // A set is walked in the order of its additions, also of those that come meanwhile: level by level.
  for (const node of kept) {
    for (const child of node.children) {
      if (kept.size >= most) return cut(tree, kept);
      kept.add(child);
    }
  }
  return tree;
}

function cut(node: TreeNode, kept: ReadonlySet<TreeNode>): TreeNode {
  const children = node.children.filter((child) => kept.has(child));
  const omitted = (node.omitted ?? 0) + node.children.length - children.length;
  return { ...node, ...(omitted > 0 ? { omitted } : {}), children: children.map((child) => cut(child, kept)) };
}
