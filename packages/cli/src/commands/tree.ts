/** `jaegis tree`: what runs where, asked of the cluster by a plain NATS request. */
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { type Inspection, InvalidConfigError, onSignals, type TreeAnswer } from 'jaegis';
import logUpdate from 'log-update';
import { acting } from '../acting.ts';
import { given, looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { nodeIfAny } from '../operands.ts';
import { jsonOption, limitOption, nodeOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderTree } from '../render-tree.ts';
import { treeSvg } from '../tree-svg.ts';
import { wholeNumber } from '../whole-number.ts';

/** How often `--watch` draws, in ms. */
const WATCH_MS = 500;

export function registerTree(program: Command): void {
  reachingCluster(program.command('tree').description("print the cluster's supervision tree"))
    .addOption(new Option('--watch', 'draw it again every half second').conflicts('json'))
    .option('--svg <file>', 'draw it into an SVG file')
    .addOption(nodeOption)
    .addOption(limitOption)
    .addOption(jsonOption)
    .action(acting(runTree));
}

async function runTree(flags: Record<string, unknown>): Promise<void> {
  const options = given({ node: nodeIfAny(flags.node), limit: wholeNumber(flags.limit, 'limit') });
  await looking(flags, ['node', 'limit'], async (inspection, settings) => {
    if (settings.watch && settings.json) throw new InvalidConfigError('Choose one of --watch and --json.');
    const first = await inspection.tree(options);
    if (settings.svg) await writeFile(settings.svg, treeSvg(first));
    if (settings.json) json(first);
    else if (settings.watch) await watch(first, () => inspection.tree(options));
    else if (!settings.svg) line(renderTree(first));
  });
}

async function watch(first: TreeAnswer, next: Inspection['tree']): Promise<void> {
  let stopped = false;
  onSignals({ stop: () => (stopped = true) });
  const show = (text: string) => (process.stdout.isTTY ? logUpdate(text) : line(`${text}\n`));
  for (let tree: TreeAnswer | Error = first; !stopped; tree = await next().catch((error: Error) => error)) {
    show(tree instanceof Error ? `No answer: ${tree.message}` : renderTree(tree));
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
  }
}
