/** `jaegis letters`: messages that nobody handled, of nodes and of entities; and what is to become of the first. */
import type { Command } from 'commander';
import { hasCode, type Inspection, InvalidConfigError, openClusterState } from 'jaegis';
import { acting } from '../acting.ts';
import { inJson } from '../in-json.ts';
import { looking } from '../looking.ts';
import { reached, reachingCluster } from '../nats-settings.ts';
import { jsonOption } from '../options.ts';
import { aside, line } from '../output.ts';
import { renderLetters, renderNodeLetter } from '../render-letters.ts';
import type { Settings } from '../settings.ts';
import { missingNodes } from '../words.ts';

export function registerLetters(program: Command): void {
  const what = 'print messages that nodes could not deliver, what entities gave up, and turns that cannot be read';
  reachingCluster(program.command('letters').description(what))
    .option('--resend <node/id>', 'send that one of a node again, as a tell')
    .option('--discard <node/id>', 'take that one of a node off')
    .addOption(jsonOption)
    .action(acting(runLetters));
}

async function runLetters(flags: Record<string, unknown>): Promise<void> {
  const { resend, discard } = flags;
  const again = resend === undefined ? undefined : placeOf(resend, 'resend');
  const off = discard === undefined ? undefined : placeOf(discard, 'discard');
  await looking(flags, ['resend', 'discard'], async (inspection, settings) => {
    if (again) {
      await inspection.resend(...again);
      line(`sent ${resend} again`);
    } else if (off) {
      const wasThere = await inspection.discard(...off);
      line(wasThere ? `took ${discard} off` : `${discard} was not there`);
    } else {
      await ofNodes(inspection, settings);
      await ofEntities(settings);
    }
  });
}

/** Where nodes run, and this user may ask them; what entities keep can be read without. */
async function ofNodes(inspection: Inspection, { json }: Settings): Promise<void> {
  const unasked = (error: unknown) => {
    const isUsual = (['cluster_unavailable', 'no_such_cluster', 'permission_denied'] as const).some((code) =>
      hasCode(error, code),
    );
    if (!isUsual) throw error;
    return undefined;
  };
  const contents = () => inspection.letters({ contents: true });
  const answer = await contents().catch(() => inspection.letters().catch(unasked));
  if (!answer) {
    aside('jaegis: the nodes could not be asked; this is what the entities keep.');
    return;
  }
  for (const letter of answer.letters) line(json ? JSON.stringify(letter) : renderNodeLetter(letter, Date.now()));
  for (const why of missingNodes(answer.missing)) aside(why);
}

async function ofEntities(settings: Settings): Promise<void> {
  await using state = await openClusterState(reached(settings));
  for await (const letters of state.deadLetters()) {
    for (const each of settings.json ? [JSON.stringify(letters, inJson)] : renderLetters(letters)) line(each);
  }
}

function placeOf(given: unknown, option: string): [node: string, id: string] {
  const [node, id, ...rest] = String(given).split('/');
  if (node && id && rest.length === 0) return [node, id];
  throw new InvalidConfigError(
    `--${option} is ${JSON.stringify(given)}; expected node/id, as jaegis letters prints it.`,
    {
      data: { path: option },
    },
  );
}
