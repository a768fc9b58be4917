import type { PoliciesAnswer, TuneAnswer } from 'jaegis';
import colors from 'picocolors';
import { table } from './table.ts';
import { missingNodes, rounded } from './words.ts';

/** A line for each part of each policy, from the outside in. */
export function renderPolicies({ nodes, missing }: PoliciesAnswer): string[] {
  const rows = nodes.flatMap(({ node, policies }) =>
    policies.flatMap(({ name, parts }) =>
      parts.map((part) => [colors.bold(node), name, part.name, partState(part.state)]),
    ),
  );
  const shown =
    rows.length === 0 ? ['The nodes were given no policies.'] : table(['node', 'policy', 'part', 'state'], rows);
  return [...shown, ...missingNodes(missing)];
}

/** The policies as they are since, and the nodes that have none, or have not done it. */
export function renderTuned({ policy, nodes, without, missing, ...when }: TuneAnswer): string[] {
  const tuned = nodes.map((each) => ({ node: each.node, policies: [each.policy] }));
  return [
    ...renderPolicies({ ...when, nodes: tuned, missing: [] }),
    ...(without.length === 0 ? [] : [colors.dim(`There is no ${policy} on ${without.join(', ')}.`)]),
    ...missing.map(({ node, error }) => colors.yellow(`${node} did not do it: ${error.message}`)),
  ];
}

/** What is 0 is left out, and its name, which is mostly that of the policy. */
function partState(state: unknown): string {
  const words = figures('', state).filter(([name]) => name !== 'name');
  const mode = words.find(([name]) => name === 'state')?.[1];
  const rest = words.filter(([name, text]) => name !== 'state' && text !== '0').map((word) => word.join(' '));
  return [...(mode === undefined ? [] : [inColour(mode)]), ...rest].join(', ') || '-';
}

/** Of a list, how long it is. */
function figures(name: string, value: unknown): (readonly [name: string, text: string])[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'number') return [[name, rounded(value)]];
  if (Array.isArray(value)) return [[name, rounded(value.length)]];
  if (typeof value !== 'object') return [[name, String(value)]];
  return Object.entries(value).flatMap(([field, within]) => figures(name === '' ? field : `${name}.${field}`, within));
}

function inColour(state: string): string {
  if (state === 'closed') return colors.green(state);
  return state.endsWith('open') && state !== 'half_open' ? colors.red(state) : colors.yellow(state);
}
