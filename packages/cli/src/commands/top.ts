/** `jaegis top`: what the nodes have to do, and which actors have the most of it, drawn again and again. */
import type { Command } from 'commander';
import { hasCode, type Inspection, type LoadAnswer, onSignals } from 'jaegis';
import logUpdate from 'log-update';
import { acting } from '../acting.ts';
import { given, looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { nodeIfAny } from '../operands.ts';
import { jsonOption, nodeOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderTop } from '../render-top.ts';
import { wholeNumber } from '../whole-number.ts';

const EVERY_MS = 1_000;

export function registerTop(program: Command): void {
  const what = 'print the load of the nodes and the busiest actors, again each second';
  reachingCluster(program.command('top').description(what))
    .option('--once', 'once, and no more')
    .option('--every <ms>', 'the stretch that is measured, up to 5000')
    .option('--actors <n>', 'how many actors; 10 by default')
    .addOption(nodeOption)
    .addOption(jsonOption)
    .action(acting(runTop));
}

async function runTop(flags: Record<string, unknown>): Promise<void> {
  const overMs = wholeNumber(flags.every, 'every') ?? EVERY_MS;
  const most = wholeNumber(flags.actors, 'actors') ?? 10;
  const options = { overMs, busiest: most, ...given({ node: nodeIfAny(flags.node) }) };
  await looking(flags, ['once', 'every', 'actors', 'node'], async (inspection, settings) => {
    const first = await inspection.load(options);
    const text = (answer: LoadAnswer) => renderTop(answer, most).join('\n');
    if (flags.once) {
      if (settings.json) json(first);
      else line(text(first));
      return;
    }
    const show = settings.json
      ? (answer: LoadAnswer) => line(JSON.stringify(answer))
      : (answer: LoadAnswer) => draw(text(answer));
    await repeat(first, () => inspection.load(options), show);
  });
}

async function repeat(
  first: LoadAnswer,
  next: () => ReturnType<Inspection['load']>,
  show: (answer: LoadAnswer) => void,
): Promise<void> {
  let stopped = false;
  onSignals({ stop: () => (stopped = true) });
  show(first);
  while (!stopped) {
    const answer = await next().catch((error: unknown) => {
      // The cluster may be away for a while: whoever watches wants to see it come back.
      if (hasCode(error, 'ask_timeout') || hasCode(error, 'cluster_unavailable')) return error as Error;
      throw error;
    });
    if (!(answer instanceof Error)) show(answer);
    else if (!stopped) await pause(`No answer: ${answer.message}`);
  }
}

async function pause(text: string): Promise<void> {
  draw(text);
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}

function draw(text: string): void {
  if (process.stdout.isTTY) logUpdate(text);
  else line(`${text}\n`);
}
