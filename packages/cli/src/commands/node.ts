/** `jaegis node`: one node in this process, until a signal, a failure or, if so wished, the end of its parent. */
import { type Command, Option } from 'commander';
import { type NodeOptions, onParentGone, onSignals, startNode } from 'jaegis';
import { acting } from '../acting.ts';
import { explain } from '../explain.ts';
import { loadApp } from '../load-app.ts';
import { reached, reachingCluster } from '../nats-settings.ts';
import { logLevelOption, streamOptions, switchOption } from '../options.ts';
import { readSettings, type Settings } from '../settings.ts';

export function registerNode(program: Command): void {
  const command = reachingCluster(program.command('node').description('run one node of a cluster in this process'))
    .addOption(new Option('--name <name>', 'unique in the cluster').env('JAEGIS_NAME'))
    .addOption(new Option('--app <file>', 'a module whose default export is made by defineApp').env('JAEGIS_APP'))
    .addOption(new Option('--weight <n>', 'of the entities it takes its part by it; 0: none').env('JAEGIS_WEIGHT'))
    .addOption(new Option('--labels <names>', 'what is special about it, with commas').env('JAEGIS_LABELS'))
    .addOption(
      switchOption('--keep-policies', 'what they know is kept for the next node of the name', 'JAEGIS_KEEP_POLICIES'),
    )
    .addOption(
      new Option('--drain-ms <n>', 'how long it may take to hand over when it is told to stop').env('JAEGIS_DRAIN_MS'),
    )
    .addOption(new Option('--threads <n>', 'worker threads at most').env('JAEGIS_THREADS'));
  for (const option of streamOptions) command.addOption(option);
  command
    .addOption(
      new Option('--max-turn-bytes <n>', 'what the turns of all entities may take on each server').env(
        'JAEGIS_MAX_TURN_BYTES',
      ),
    )
    .addOption(
      new Option('--max-inbox-bytes <n>', 'what sends and timers that wait may take on each server').env(
        'JAEGIS_MAX_INBOX_BYTES',
      ),
    )
    .addOption(
      new Option('--probe-port <n>', 'answer /live, /ready and /started there by HTTP; 0: any').env(
        'JAEGIS_PROBE_PORT',
      ),
    )
    .addOption(new Option('--probe-host <address>', 'listen for probes at this address only').env('JAEGIS_PROBE_HOST'))
    .addOption(logLevelOption)
    .option('--json', 'print the ready line as JSON')
    .option('--end-with-parent', 'end when the process that started this one is gone')
    .action(acting(runNode));
}

async function runNode(flags: Record<string, unknown>): Promise<void> {
  const settings = await readSettings(flags);
  if (settings.endWithParent) onParentGone(() => process.exit(1));
  const node = await startNode(await nodeOptions(settings));
  // Before anybody is told that it is ready, who may then end it in order.
  onSignals({
    stop: () => {
      say('stopping');
      void node.stop();
    },
  });
  const { name, cluster, probePort } = node;
  const say = (word: string, more: object = {}): boolean =>
    process.stdout.write(settings.json ? `${JSON.stringify({ [word]: name, ...more })}\n` : `${word} ${name}\n`);
  say('ready', { cluster, pid: process.pid, ...(probePort === undefined ? {} : { probePort }) });
  const reason = await node.stopped;
  if (reason) process.stderr.write(explain(reason));
  else say('stopped');
  // Whatever an app left open must not keep a node that has left its cluster alive.
  process.exit(reason ? 1 : 0);
}

async function nodeOptions(settings: Settings): Promise<NodeOptions> {
  const { name, nats, app, threads, replicas, storage, history, maxTurnBytes, maxInboxBytes, logLevel } = settings;
  const { probePort: port, probeHost: host, weight, labels, keepPolicies, drainMs } = settings;
  return {
    ...reached(settings),
    ...(nats === 'embedded' ? { nats } : {}),
    logLevel,
    keepPolicies,
    ...(name === undefined ? {} : { name }),
    ...(app === undefined ? {} : { app: await loadApp(app) }),
    ...(weight === undefined ? {} : { weight }),
    ...(labels === undefined ? {} : { labels }),
    ...(drainMs === undefined ? {} : { drainMs }),
    ...(threads === undefined ? {} : { threads }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(storage === undefined ? {} : { storage }),
    ...(history === undefined ? {} : { history }),
    ...(maxTurnBytes === undefined ? {} : { maxTurnBytes }),
    ...(maxInboxBytes === undefined ? {} : { maxInboxBytes }),
    ...(port === undefined ? {} : { probes: { port, ...(host === undefined ? {} : { host }) } }),
  };
}
