/** `jaegis placement`: which node owns how much, or who owns one entity. */
import type { Command } from 'commander';
import { parseEntityId } from 'jaegis';
import { actingOn } from '../acting.ts';
import { looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { jsonOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderPlacement } from '../render-placement.ts';

export function registerPlacement(program: Command): void {
  const what = 'print what each node owns; or, of one entity given as type/key, which node owns it';
  reachingCluster(program.command('placement [entity]').description(what))
    .addOption(jsonOption)
    .action(actingOn<string | undefined>(runPlacement));
}

async function runPlacement(entity: string | undefined, flags: Record<string, unknown>): Promise<void> {
  if (entity !== undefined) parseEntityId(entity);
  await looking(flags, [], async (inspection, settings) => {
    if (entity === undefined) {
      const answer = await inspection.placement();
      if (settings.json) json(answer);
      else line(renderPlacement(answer).join('\n'));
      return;
    }
    const answer = await inspection.placementOf(entity);
    if (settings.json) json(answer);
    else line(`${answer.entity}  shard ${answer.shard}  ${answer.owner ?? 'no node may own it'}`);
  });
}
