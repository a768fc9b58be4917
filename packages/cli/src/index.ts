/** Parts of the `jaegis` command that other programs use. */
export { explain } from './explain.ts';
export { renderTree } from './render-tree.ts';
export { treeSvg } from './tree-svg.ts';
