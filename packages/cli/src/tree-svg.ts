import type { TreeAnswer, TreeNode } from 'jaegis';

const ROW = 26;
const INDENT = 28;

interface Row {
  readonly node: TreeNode;
  readonly depth: number;
  readonly parent: number;
}

/** A cluster's supervision tree as an SVG picture, readable on light and dark. Healed branches and restarts are green. */
export function treeSvg({ cluster, epoch, nodes }: TreeAnswer, healed: ReadonlySet<string> = new Set()): string {
  const rows: Row[] = [];
  const add = (node: TreeNode, depth: number, parent: number) => {
    const index = rows.push({ node, depth, parent }) - 1;
    for (const child of node.children) add(child, depth + 1, index);
  };
  for (const node of nodes) add(node, 0, -1);
  const height = (rows.length + 2) * ROW + 4;
  const lines = rows.map((row, index) => link(row, index)).join('');
  const boxes = rows.map((row, index) => box(row, index, healed)).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 ${height}" font-family="ui-monospace, monospace" font-size="13">
<rect width="640" height="${height}" rx="8" fill="#10151c"/>
<text x="16" y="26" fill="#e8edf2" font-weight="bold">${xml(cluster)}, epoch ${epoch}</text>
${lines}${boxes}</svg>
`;
}

function yOf(index: number): number {
  return Math.round((index + 2) * ROW);
}

function link({ depth, parent }: Row, index: number): string {
  if (parent < 0) return '';
  const x = 22 + (depth - 1) * INDENT;
  return `<path d="M${x} ${yOf(parent) + 6}V${yOf(index) + 2}h${INDENT - 10}" stroke="#56606b" fill="none"/>\n`;
}

function box({ node, depth }: Row, index: number, healed: ReadonlySet<string>): string {
  const isHealed = healed.has(node.id) || node.restarts > 0;
  const color =
    node.status === 'silent' ? '#ff6b6b' : isHealed ? '#5ddb8b' : node.kind === 'node' ? '#7fb4ff' : '#c9d3de';
  const note = node.status === 'silent' ? ' does not answer' : isHealed ? ' healed' : '';
  const detail = node.kind === 'supervisor' ? ` ${node.type}` : '';
  const x = 16 + depth * INDENT;
  return `<circle cx="${x + 5}" cy="${yOf(index)}" r="4" fill="${color}"/><text x="${x + 16}" y="${yOf(index) + 4}" fill="${color}">${xml(node.id + detail + note)}</text>\n`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
