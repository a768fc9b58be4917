/** `jaegis policies`: what guards calls on each node, and what state it is in. */
import type { Command } from 'commander';
import { acting } from '../acting.ts';
import { given, looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { nodeIfAny } from '../operands.ts';
import { jsonOption, nodeOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderPolicies } from '../render-policies.ts';

export function registerPolicies(program: Command): void {
  const what = 'print what guards calls on each node: breakers, bulkheads, retries and so on, with their states';
  reachingCluster(program.command('policies').description(what))
    .addOption(nodeOption)
    .addOption(jsonOption)
    .action(acting(runPolicies));
}

async function runPolicies(flags: Record<string, unknown>): Promise<void> {
  const wanted = given({ node: nodeIfAny(flags.node) });
  await looking(flags, ['node'], async (inspection, settings) => {
    const answer = await inspection.policies(wanted);
    if (settings.json) json(answer);
    else line(renderPolicies(answer).join('\n'));
  });
}
