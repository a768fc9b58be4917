import type { HealthAnswer } from 'jaegis';
import colors from 'picocolors';
import { table } from './table.ts';

export function renderHealth({ cluster, epoch, answeredBy, members }: HealthAnswer): string[] {
  const rows = members.map(({ node, incarnation, status }) => [colors.bold(node), coloured(status), incarnation]);
  const head = `${colors.bold(cluster)}  epoch ${epoch}, as ${answeredBy} knows it`;
  return [head, ...table(['node', 'status', 'life'], rows)];
}

function coloured(status: string): string {
  if (status === 'alive' || status === 'up') return colors.green(status);
  return status === 'down' || status === 'unreachable' ? colors.red(status) : colors.yellow(status);
}
