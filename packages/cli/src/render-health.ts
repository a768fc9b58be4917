import type { HealthAnswer, MemberHealth } from 'jaegis';
import colors from 'picocolors';
import { table } from './table.ts';
import { span } from './words.ts';

/** The members in a table, and below it what was seen of those that are not as they should be. */
export function renderHealth({ cluster, epoch, answeredBy, members }: HealthAnswer, nowMs: number): string[] {
  const rows = members.map(({ node, incarnation, status, sinceMs, reason = '', version = '' }) => [
    colors.bold(node),
    coloured(status),
    sinceMs === undefined ? '' : span(Math.max(0, nowMs - sinceMs)),
    reason,
    version,
    incarnation,
  ]);
  const head = `${colors.bold(cluster)}  epoch ${epoch}, as ${answeredBy} knows it`;
  return [head, ...table(['node', 'status', 'for', 'because', 'version', 'life'], rows), ...members.flatMap(evidence)];
}

function evidence({ node, status, evidence: seen = [], voters = [] }: MemberHealth): string[] {
  if (isWell(status)) return [];
  const lines = seen.map(({ by, sees, silentMs, phi, loopMs, actor, missing = [] }) => {
    const facts = [
      `silent for ${span(silentMs)}`,
      ...(phi > 0 ? [`phi ${phi.toFixed(1)}`] : []),
      ...(loopMs === undefined ? [] : [`loop still for ${span(loopMs)}`]),
      ...(actor === undefined ? [] : [`in ${actor}`]),
      ...(missing.length === 0 ? [] : [`lacks ${missing.join(', ')}`]),
    ];
    return `  ${node}: ${by.id} sees it ${colors.yellow(sees)} (${facts.join(', ')})`;
  });
  return voters.length === 0 ? lines : [...lines, `  ${node}: agreed by ${voters.join(', ')}`];
}

/** `up` is what a node that has no agreement yet says of itself. */
function isWell(status: string): boolean {
  return status === 'alive' || status === 'up';
}

function coloured(status: string): string {
  if (isWell(status)) return colors.green(status);
  return status === 'down' || status === 'unreachable' ? colors.red(status) : colors.yellow(status);
}
