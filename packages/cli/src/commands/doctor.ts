/** `jaegis doctor`: what is wrong with a cluster and what it stands on, and what to do about it. Changes nothing. */
import { type Command, Option } from 'commander';
import { examineCluster, roles } from 'jaegis';
import { explain, explainAsJson } from '../explain.ts';
import { reached, reachingCluster } from '../nats-settings.ts';
import { jsonOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderFindings } from '../render-findings.ts';
import { readSettings } from '../settings.ts';

/** By the worst finding; what keeps the examination itself from being made counts as the worst. */
const exitCodes = { ok: 0, warn: 1, fail: 2 } as const;

export function registerDoctor(program: Command): void {
  reachingCluster(program.command('doctor').description('examine servers, streams, clocks, permissions and nodes'))
    .addOption(new Option('--role <name>', 'what the user is to be permitted').choices(roles).default('member'))
    .addOption(
      new Option('--monitor <urls>', 'of the servers, http://host:8222, with commas between').env('JAEGIS_MONITOR'),
    )
    .addOption(jsonOption)
    .addHelpText(
      'after',
      '\nEnds with 0 when all is well, 1 when something should be mended, 2 when something must be.',
    )
    .action(runDoctor);
}

async function runDoctor(flags: Record<string, unknown>): Promise<void> {
  try {
    const { role, monitor, ...given } = flags;
    const settings = await readSettings(given);
    const monitors = typeof monitor === 'string' ? { monitors: monitor.split(',') } : {};
    const chosen = roles.find((name) => name === role);
    const examination = await examineCluster({
      ...reached(settings),
      ...monitors,
      ...(chosen ? { role: chosen } : {}),
    });
    const { cluster, findings } = examination;
    if (settings.json) json(examination);
    else line(renderFindings(cluster, findings));
    process.exitCode = exitCodes[examination.worst];
  } catch (error) {
    process.stderr.write(flags.json ? explainAsJson(error) : explain(error));
    process.exitCode = exitCodes.fail;
  }
}
