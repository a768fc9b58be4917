import type { DoorView, TreeAnswer, TreeNode } from 'jaegis';
import colors from 'picocolors';

/** A cluster's supervision tree as text: nodes, their supervisors, actors and entities. */
export function renderTree({ cluster, epoch, nodes }: TreeAnswer): string {
  const head = colors.bold(`${cluster}  epoch ${epoch}, ${nodes.length} node${nodes.length === 1 ? '' : 's'}`);
  return [head, ...branches(nodes, 0, '')].join('\n');
}

function branches(children: readonly TreeNode[], omitted: number, indent: string): string[] {
  const lines = children.flatMap((child, index) => {
    const last = omitted === 0 && index === children.length - 1;
    const line = `${indent}${last ? '└─ ' : '├─ '}${describe(child)}`;
    return [line, ...branches(child.children, child.omitted ?? 0, `${indent}${last ? '   ' : '│  '}`)];
  });
  return omitted === 0 ? lines : [...lines, colors.dim(`${indent}└─ … ${omitted} more`)];
}

function describe(node: TreeNode): string {
  const { id, kind, status, type, mailbox, handled, restarts } = node;
  const name = kind === 'node' ? colors.bold(id) : id;
  if (kind === 'node') return `${name} ${colored(status)}`;
  if (kind === 'supervisor')
    return `${name} ${colors.dim(type)}${(node.policies ?? []).map((each) => door(each, id)).join('')}`;
  const healed = restarts > 0 ? colors.green(`, restarted ${restarts}×`) : '';
  return `${name} ${colored(status)} ${colors.dim(`mailbox ${mailbox}, handled ${handled}`)}${healed}${aside(node)}${node.policy === undefined ? '' : door(node.policy, id)}`;
}

function aside({ deadLetters = 0, quarantined = 0 }: TreeNode): string {
  const letters = deadLetters > 0 ? colors.yellow(`, dead letters ${deadLetters}`) : '';
  return quarantined > 0 ? `${letters}${colors.red(`, quarantined ${quarantined}`)}` : letters;
}

/** What stands before actors; that its breaker is closed need not be said, nor the name of the actor itself. */
function door({ name, breaker, underWay, refused }: DoorView, id: string): string {
  const own = name.endsWith(`/${id}`) ? '' : ` ${name}`;
  const state = breaker === undefined || breaker === 'closed' ? '' : colors.red(` breaker ${breaker}`);
  const calls = colors.dim(` ${underWay} under way${refused > 0 ? `, ${refused} refused` : ''}`);
  return `${colors.dim(', policy')}${own}${state}${calls}`;
}

function colored(status: TreeNode['status']): string {
  if (status === 'running') return colors.green(status);
  if (status === 'silent') return colors.red('does not answer');
  return status === 'stopped' ? colors.red(status) : colors.yellow(status);
}
