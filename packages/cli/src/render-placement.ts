import type { PlacementAnswer } from 'jaegis';
import colors from 'picocolors';
import { table } from './table.ts';
import { missingNodes, percent } from './words.ts';

export function renderPlacement({ cluster, epoch, shards, nodes, missing }: PlacementAnswer): string[] {
  const rows = nodes.map(({ node, shards: owned, draining, entities }) => [
    draining ? colors.yellow(`${node} draining`) : colors.bold(node),
    String(owned),
    percent(owned / shards),
    entities
      ? Object.entries(entities)
          .map(([type, count]) => `${count} ${type}`)
          .join(', ') || 'none'
      : '?',
  ]);
  const head = `${colors.bold(cluster)}  epoch ${epoch}, ${shards} shards`;
  return [head, ...table(['node', 'shards', 'share', 'active entities'], rows), ...missingNodes(missing)];
}
