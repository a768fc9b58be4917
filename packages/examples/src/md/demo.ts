/** The demo: a real cluster, a real campaign, a real kill, and what became of it. */
import { writeFile } from 'node:fs/promises';
import { explain } from '@jaegis/cli';
import {
  describeServerEvent,
  findServer,
  type JaegisNode,
  onSignals,
  realClock,
  realHost,
  realRandom,
  type ServerEvent,
  startNode,
  startServers,
  type TurnRecord,
} from 'jaegis';
import { audit } from './audit.ts';
import { campaign } from './campaign.ts';
import { CampaignRun, planOf } from './campaign-run.ts';
import { digestOf } from './digest.ts';
import { NodeProcesses } from './node-processes.ts';
import { CHUNK, type DemoOptions, readOptions } from './options.ts';
import { makeReport, type Report, renderReport } from './report.ts';
import { planRuns } from './run.ts';
import { Screen } from './screen.ts';
import { simulation } from './simulation.ts';
import { validator } from './validator.ts';

const CLUSTER = 'demo';
/** Records kept of each entity: all of them, so that the audit sees every turn. */
const HISTORY = 100_000;

async function main(): Promise<void> {
  const options = readOptions(process.argv);
  const screen = new Screen();
  const ending = new AbortController();
  await using undo = new AsyncDisposableStack();
  const signals = onSignals({ stop: () => ending.abort() });
  undo.defer(() => signals());
  const aborted = new Promise<undefined>((resolve) => {
    ending.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const report = await Promise.race([demo(options, screen, undo), aborted]);
  screen.end();
  if (!report) {
    process.stderr.write('demo: stopped before its end.\n');
    process.exitCode = 130;
    return;
  }
  process.stdout.write(`\n${renderReport(report)}\n`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  for (const { name, found } of report.checks.filter(({ passed }) => !passed)) {
    process.stderr.write(`demo: check failed: ${name}: ${found}\n`);
    process.exitCode = 1;
  }
}

async function demo(options: DemoOptions, screen: Screen, undo: AsyncDisposableStack): Promise<Report> {
  const began = performance.now();
  const { client, nodes } = await startCluster(options, screen, undo);
  const run = new CampaignRun(client, nodes, options, screen);
  const { results, validation } = await run.run();
  if (!validation) throw new Error('The campaign completed without a validation.');
  const recoveries = run.incidents.recoveries();
  const moved = recoveries.reduce((sum, recovery) => sum + recovery.moved.length, 0);
  return makeReport({
    digest: digestOf(results),
    seed: options.seed,
    nodes: options.nodes,
    servers: options.servers,
    steps: options.steps,
    kills: options.kills,
    seconds: (performance.now() - began) / 1_000,
    validation,
    recoveries,
    stepsRedoneAtMost: moved * CHUNK,
    audit: audit(await histories(client, options)),
  });
}

async function startCluster(options: DemoOptions, screen: Screen, undo: AsyncDisposableStack) {
  const world = { host: realHost(), clock: realClock(), random: realRandom() };
  const report = (event: ServerEvent) => screen.say(describeServerEvent(event));
  const path = world.host.env.NATS_SERVER;
  const binary = await findServer({ ...world, report, ...(path ? { path } : {}) });
  const servers = undo.use(await startServers({ ...world, count: options.servers, binary, report }));
  const urls = [...servers.urls];
  const threads = Math.max(1, Math.floor(4 / options.nodes));
  const nodes = new NodeProcesses({ cluster: CLUSTER, urls, history: HISTORY, threads });
  undo.defer(() => nodes.stop());
  const client = undo.use(
    await startNode({ name: 'demo', cluster: CLUSTER, nats: urls, role: 'client', history: HISTORY }),
  );
  const names = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`);
  await Promise.all(names.map((name) => nodes.start(name)));
  screen.say(
    `cluster   ${names.join(' ')} on ${options.servers} NATS server${options.servers === 1 ? '' : 's'}: ${urls.join(' ')}`,
  );
  return { client, nodes };
}

async function histories(client: JaegisNode, options: DemoOptions): Promise<Map<string, TurnRecord[]>> {
  const runs = planRuns(planOf(options)).map(({ name }) => client.entity(simulation, name));
  const refs = [client.entity(campaign, 'main'), client.entity(validator, 'main'), ...runs];
  const all = new Map<string, TurnRecord[]>();
  for (const ref of refs) {
    const turns: TurnRecord[] = [];
    // The audit needs no states, and they are large.
    for await (const turn of client.history(ref)) turns.push({ ...turn, state: undefined });
    all.set(ref.address, turns);
  }
  return all;
}

try {
  await main();
} catch (error) {
  process.stderr.write(explain(error));
  process.exitCode = 1;
}
process.exit();
