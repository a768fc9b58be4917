/** `jaegis completion`: what a shell needs to complete the command, made from the commands themselves. */
import type { Command } from 'commander';
import { InvalidConfigError, requestInspection, type TreeNode } from 'jaegis';
import { actingOn } from '../acting.ts';
import { completionScript, shells } from '../completion-script.ts';
import { reached } from '../nats-settings.ts';
import { line } from '../output.ts';
import { readSettings } from '../settings.ts';

/** Places of the tree that are offered at most. */
const OFFERED = 300;

export function registerCompletion(program: Command): void {
  program
    .command('completion <shell>')
    .description(`print what completes this command in a shell: ${shells.join(', ')}`)
    .action(
      actingOn(async (shell) => {
        const made = completionScript(program, shell);
        if (made === undefined) throw unknownShell(shell);
        line(made);
      }),
    );
  // For the scripts: nobody waits for a cluster that is not there, and an error is no completion.
  program.command('complete <kind>', { hidden: true }).action((kind: string) => offer(kind).catch(() => {}));
}

/** By the variables and their file: what else is typed is not known here. */
async function offer(kind: string): Promise<void> {
  const { JAEGIS_CLUSTER: cluster, JAEGIS_NATS: nats, JAEGIS_CONFIG: config } = process.env;
  const settings = await readSettings(
    Object.fromEntries(Object.entries({ cluster, nats, config }).filter(([, value]) => value)),
  );
  await using inspection = await requestInspection(reached(settings));
  if (kind === 'nodes') for (const { id } of (await inspection.view()).members) line(id);
  if (kind !== 'addresses') return;
  const [{ nodes }, placement] = await Promise.all([inspection.tree({ limit: OFFERED }), inspection.placement()]);
  const types = new Set(placement.nodes.flatMap(({ entities = {} }) => Object.keys(entities)));
  for (const type of types) line(`${type}/`);
  for (const node of nodes) for (const address of addressesIn(node, '')) line(address);
}

function addressesIn(node: TreeNode, path: string): string[] {
  const own = node.kind === 'actor' || node.kind === 'entity' ? [path] : [];
  return [
    ...own,
    ...node.children.flatMap((child) =>
      addressesIn(child, child.kind === 'entity' ? child.id : `${path || node.id}/${child.id}`),
    ),
  ];
}

function unknownShell(shell: string): Error {
  return new InvalidConfigError(
    `There is no completion for ${JSON.stringify(shell)}; there is for ${shells.join(', ')}.`,
    {
      data: { path: 'shell' },
    },
  );
}
