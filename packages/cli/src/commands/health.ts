/** `jaegis health`: who belongs to the cluster, and how each of them is. */
import type { Command } from 'commander';
import { acting } from '../acting.ts';
import { looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { jsonOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderHealth } from '../render-health.ts';

export function registerHealth(program: Command): void {
  const what = 'print the health table: each member with its status and why';
  reachingCluster(program.command('health').description(what)).addOption(jsonOption).action(acting(runHealth));
}

function runHealth(flags: Record<string, unknown>): Promise<void> {
  return looking(flags, [], async (inspection, settings) => {
    const answer = await inspection.health();
    if (settings.json) json(answer);
    else line(renderHealth(answer, Date.now()).join('\n'));
  });
}
