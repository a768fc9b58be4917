/** `jaegis actor`: all that is known of one actor, supervisor or entity. */
import type { Command } from 'commander';
import { type ActorAnswer, hasCode, type Inspection } from 'jaegis';
import { actingOn } from '../acting.ts';
import { looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { addressOperand } from '../operands.ts';
import { jsonOption } from '../options.ts';
import { aside, json, line } from '../output.ts';
import { renderActor } from '../render-actor.ts';

export function registerActor(program: Command): void {
  const what = 'print one actor or entity: state, mailbox, last messages, last crash; as node/user/name or type/key';
  reachingCluster(program.command('actor <address>').description(what))
    .option('--types', 'without states and messages')
    .addOption(jsonOption)
    .action(actingOn(runActor));
}

async function runActor(operand: string, flags: Record<string, unknown>): Promise<void> {
  const address = addressOperand(operand);
  await looking(flags, ['types'], async (inspection, settings, { types }) => {
    const answer = types ? await inspection.actor(address) : await withContents(inspection, address);
    if (settings.json) json(answer);
    else line(renderActor(answer, Date.now()).join('\n'));
  });
}

/** As much as one may see. */
async function withContents(inspection: Inspection, address: string): Promise<ActorAnswer> {
  try {
    return await inspection.actor(address, { contents: true });
  } catch (error) {
    if (!hasCode(error, 'permission_denied')) throw error;
    aside('jaegis: this user may not see states and messages (jaegis.<cluster>.reveal); here is the rest.');
    return inspection.actor(address);
  }
}
