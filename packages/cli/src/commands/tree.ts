/** `jaegis tree`: what runs where, asked of the cluster by a plain NATS request. */
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidConfigError, onSignals, requestInspection, type TreeAnswer } from 'jaegis';
import logUpdate from 'log-update';
import { acting } from '../acting.ts';
import { reached, reachingCluster } from '../nats-settings.ts';
import { jsonOption } from '../options.ts';
import { renderTree } from '../render-tree.ts';
import { readSettings } from '../settings.ts';
import { treeSvg } from '../tree-svg.ts';

/** How often `--watch` draws, in ms. */
const WATCH_MS = 500;

export function registerTree(program: Command): void {
  reachingCluster(program.command('tree').description("print the cluster's supervision tree"))
    .option('--watch', 'draw it again every half second')
    .addOption(jsonOption)
    .option('--svg <file>', 'draw it into an SVG file')
    .action(acting(runTree));
}

async function runTree(flags: Record<string, unknown>): Promise<void> {
  const settings = await readSettings(flags);
  if (settings.watch && settings.json) throw new InvalidConfigError('Choose one of --watch and --json.');
  await using inspection = await requestInspection(reached(settings));
  const first = await inspection.tree();
  if (settings.svg) await writeFile(settings.svg, treeSvg(first));
  if (settings.json) process.stdout.write(`${JSON.stringify(first, null, 2)}\n`);
  else if (settings.watch) await watch(first, () => inspection.tree());
  else if (!settings.svg) process.stdout.write(`${renderTree(first)}\n`);
}

async function watch(first: TreeAnswer, next: () => Promise<TreeAnswer>): Promise<void> {
  let stopped = false;
  onSignals({ stop: () => (stopped = true) });
  const show = (text: string) => (process.stdout.isTTY ? logUpdate(text) : process.stdout.write(`${text}\n\n`));
  for (let tree: TreeAnswer | Error = first; !stopped; tree = await next().catch((error: Error) => error)) {
    show(tree instanceof Error ? `No answer: ${tree.message}` : renderTree(tree));
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}
