/** `jaegis incidents`: what went wrong or changed the cluster, as its nodes remember it. */
import type { Command } from 'commander';
import { acting } from '../acting.ts';
import { given, looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { nodeIfAny } from '../operands.ts';
import { jsonOption, limitOption, nodeOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderIncident } from '../render-incident.ts';
import { wholeNumber } from '../whole-number.ts';
import { missingNodes } from '../words.ts';

export function registerIncidents(program: Command): void {
  const what = 'print what happened, oldest first: nodes down, crashes, restarts, give-ups, deadlocks, leaders';
  reachingCluster(program.command('incidents').description(what))
    .option('--type <type>', 'only these: node_down, actor_crashed, deadlock_resolved, ...')
    .addOption(nodeOption)
    .addOption(limitOption)
    .addOption(jsonOption)
    .action(acting(runIncidents));
}

async function runIncidents(flags: Record<string, unknown>): Promise<void> {
  const type = flags.type as string | undefined; // of its option
  const wanted = given({ type, node: nodeIfAny(flags.node), limit: wholeNumber(flags.limit, 'limit') });
  await looking(flags, ['type', 'node', 'limit'], async (inspection, settings) => {
    const answer = await inspection.incidents(wanted);
    if (settings.json) {
      json(answer);
      return;
    }
    for (const incident of answer.incidents) line(renderIncident(incident, Date.now()));
    for (const why of missingNodes(answer.missing)) line(why);
    if (answer.incidents.length === 0) line('The nodes remember nothing of the kind.');
  });
}
