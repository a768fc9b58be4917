/** `jaegis drain`: has a node hand over what it has and leave, and waits until it has left. */
import type { Command } from 'commander';
import { hasCode, type Inspection, JaegisError } from 'jaegis';
import { actingOn } from '../acting.ts';
import { looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { nodeOperand } from '../operands.ts';
import { jsonOption } from '../options.ts';
import { aside, json, line } from '../output.ts';
import { wholeNumber } from '../whole-number.ts';
import { span } from '../words.ts';

/** How often it looks whether the node is still there, in ms. */
const LOOK_MS = 200;
const PATIENCE_MS = 60_000;

export function registerDrain(program: Command): void {
  const what = 'have a node hand over what it has and leave the cluster; ends when it has left';
  reachingCluster(program.command('drain <node>').description(what))
    .option('--wait <ms>', 'how long to wait for that; 60000 by default')
    .addOption(jsonOption)
    .action(actingOn(runDrain));
}

async function runDrain(operand: string, flags: Record<string, unknown>): Promise<void> {
  const node = nodeOperand(operand);
  const waitMs = wholeNumber(flags.wait, 'wait') ?? PATIENCE_MS;
  await looking(flags, ['wait'], async (inspection, settings) => {
    const began = performance.now();
    const { incarnation } = await inspection.drain(node);
    if (!settings.json) aside(`${node} hands over and leaves ...`);
    while (await isThere(inspection, incarnation)) {
      if (performance.now() - began > waitMs) throw stillThere(node, waitMs);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    const tookMs = Math.round(performance.now() - began);
    if (settings.json) json({ drained: node, incarnation, tookMs });
    else line(`${node} has left after ${span(tookMs)}`);
  });
}

/** That life of the node: under its name another may have begun. */
async function isThere(inspection: Inspection, incarnation: string): Promise<boolean> {
  try {
    const { members } = await inspection.view();
    return members.some((member) => member.incarnation === incarnation);
  } catch (error) {
    if (hasCode(error, 'cluster_unavailable') || hasCode(error, 'no_such_cluster')) return false; // it was the last
    if (hasCode(error, 'ask_timeout')) return true;
    throw error;
  }
}

function stillThere(node: string, waitMs: number): Error {
  return new JaegisError('ask_timeout', `Node "${node}" has begun to leave and is still there after ${span(waitMs)}.`, {
    data: { node, waitMs },
  });
}
