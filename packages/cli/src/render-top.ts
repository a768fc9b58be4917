import type { LoadAnswer, NodeLoad } from 'jaegis';
import colors from 'picocolors';
import { table } from './table.ts';
import { bytes, missingNodes, percent, rounded } from './words.ts';

/** @param most Actors of all nodes that are named. */
export function renderTop({ cluster, epoch, nodes, missing }: LoadAnswer, most: number): string[] {
  const sum = (of: (node: NodeLoad) => number) => nodes.reduce((total, node) => total + of(node), 0);
  const total = `${rounded(sum(({ handledPerS }) => handledPerS))} messages/s, ${sum(({ waiting }) => waiting)} waiting`;
  const head = `${colors.bold(cluster)}  epoch ${epoch}, ${nodes.length} node${nodes.length === 1 ? '' : 's'}, ${total}`;
  return [head, '', ...table(nodeHeads, nodes.map(nodeRow)), ...missingNodes(missing), '', ...busiest(nodes, most)];
}

const nodeHeads = [
  'node',
  'busy',
  'loop ms',
  'loop max',
  'cpu',
  'heap',
  'waiting',
  'msgs/s',
  'entities',
  'actors',
  'dead',
  'unsent',
];

function nodeRow(load: NodeLoad): string[] {
  const { node, busy, loopDelayMs, cpu, heapBytes, waiting, handledPerS, entities, actors, deadLetters, peers } = load;
  const unsent = peers.reduce(
    (sum, { waitingBytes, unacknowledgedBytes }) => sum + waitingBytes + unacknowledgedBytes,
    0,
  );
  return [
    colors.bold(node),
    percent(busy),
    rounded(loopDelayMs.mean),
    loopDelayMs.max >= SLOW_MS ? colors.red(rounded(loopDelayMs.max)) : rounded(loopDelayMs.max),
    cpu === undefined ? '' : percent(cpu),
    heapBytes === undefined ? '' : bytes(heapBytes),
    rounded(waiting),
    rounded(handledPerS),
    rounded(entities),
    rounded(actors),
    rounded(deadLetters),
    bytes(unsent),
  ];
}

/** A loop that is so late is worth a look, in ms. */
const SLOW_MS = 100;

function busiest(nodes: readonly NodeLoad[], most: number): string[] {
  const actors = nodes
    .flatMap((load) => load.busiest.map((actor) => ({ node: load.node, ...actor })))
    .sort((a, b) => b.busy - a.busy || b.handledPerS - a.handledPerS || b.mailbox - a.mailbox)
    .slice(0, most);
  if (actors.length === 0) return [colors.dim('No actor has anything to do.')];
  const rows = actors.map(({ node, address, type, mailbox, handledPerS, busy }) => [
    address,
    type,
    node,
    percent(busy),
    rounded(handledPerS),
    rounded(mailbox),
  ]);
  return table(['actor', 'type', 'node', 'busy', 'msgs/s', 'waiting'], rows);
}
