import type { HealthAnswer, MemberHealth } from 'jaegis';
import colors from 'picocolors';
import { table } from './table.ts';
import { missingNodes, span } from './words.ts';

/** Lives that are over, of which so many are shown. */
const DEPARTED = 5;

/**
 * The members in a table, with what each says of itself; below it what was seen of those that are not as they should be,
 * and of those that are gone.
 */
export function renderHealth(answer: HealthAnswer, nowMs: number): string[] {
  const { cluster, epoch, term, leader, answeredBy, index, members, nodes, departed, missing } = answer;
  const since = (ms: number) => span(Math.max(0, nowMs - ms));
  const rows = members.map(({ node, incarnation, status, sinceMs, reason, version }) => [
    colors.bold(node),
    coloured(status),
    since(sinceMs),
    reason,
    standing(
      nodes.find((each) => each.node === node),
      index,
      status,
    ),
    version,
    incarnation,
  ]);
  const led = leader === undefined ? 'nobody leads' : `${leader} leads in term ${term}`;
  const head = `${colors.bold(cluster)}  epoch ${epoch}, ${led}, as ${answeredBy} knows it`;
  return [
    head,
    ...table(['node', 'status', 'for', 'because', 'it says', 'version', 'life'], rows),
    ...members.filter(({ status }) => status !== 'alive').flatMap(evidence),
    ...missingNodes(missing),
    ...departed
      .slice(-DEPARTED)
      .flatMap((row) => [
        colors.dim(`gone: ${row.node} (life ${row.incarnation}) ${since(row.sinceMs)} ago, ${row.reason}`),
        ...evidence(row).map((line) => colors.dim(line)),
      ]),
  ];
}

function standing(
  said: HealthAnswer['nodes'][number] | undefined,
  index: number,
  status: MemberHealth['status'],
): string {
  if (!said) return colors.red('nothing');
  const lag = index - said.index;
  // One that drains serves on, but what it has left, and beside that status "serving" would read as a contradiction.
  const word = status === 'draining' && said.standing === 'serving' ? 'handing over' : said.standing;
  const text = lag > 0 ? `${word}, ${lag} behind` : word;
  return said.standing === 'serving' ? text : colors.yellow(text);
}

function evidence({ node, evidence: seen, voters }: MemberHealth): string[] {
  const lines = seen.map(({ by, sees, silentMs, phi, loopMs = 0, pathMs = 0, actor, at, missing = [] }) => {
    const facts = [
      `silent for ${span(silentMs)}`,
      ...(phi > 0 ? [`phi ${phi.toFixed(1)}`] : []),
      ...(sees === 'stalled' ? [`loop still for ${span(loopMs)}`] : []),
      ...(sees === 'cut_off' ? [`nothing came for ${span(pathMs)}`] : []),
      ...(actor === undefined ? [] : [`in ${actor}${at === undefined ? '' : ` at ${at}`}`]),
      ...(missing.length === 0 ? [] : [`lacks ${missing.join(', ')}`]),
    ];
    return `  ${node}: ${by.id} sees it ${colors.yellow(sees)} (${facts.join(', ')})`;
  });
  return voters.length === 0 ? lines : [...lines, `  ${node}: agreed by ${voters.join(', ')}`];
}

function coloured(status: MemberHealth['status']): string {
  if (status === 'alive') return colors.green(status);
  return status === 'down' || status === 'unreachable' ? colors.red(status) : colors.yellow(status);
}
