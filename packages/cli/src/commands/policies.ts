/** `jaegis policies`: what guards calls on each node, and what state it is in; `jaegis policies tune`: another one. */
import { type Command, Option } from 'commander';
import { breakerOrders, InvalidConfigError, type PolicyOrder } from 'jaegis';
import { acting, actingOn } from '../acting.ts';
import { exitCodeFor } from '../exit-code.ts';
import { given, looking } from '../looking.ts';
import { reachingCluster } from '../nats-settings.ts';
import { nodeIfAny } from '../operands.ts';
import { jsonOption, nodeOption } from '../options.ts';
import { json, line } from '../output.ts';
import { renderPolicies, renderTuned } from '../render-policies.ts';
import { settingsFrom } from '../setting-operand.ts';

export function registerPolicies(program: Command): void {
  const what = 'print what guards calls on each node: breakers, bulkheads, retries and so on, with their states';
  const policies = reachingCluster(program.command('policies').description(what))
    .addOption(nodeOption)
    .addOption(jsonOption)
    .action(acting(runPolicies));
  const every = (text: string, before: readonly string[] = []) => [...before, text];
  policies
    .command('tune <policy>')
    .description('change the policies of a name while they work, on all nodes or on one')
    .addOption(new Option('--set <path=value>', 'an option, as breaker.openMs=5000; again for more').argParser(every))
    .option('--breaker <order>', `what is to become of the breaker: ${breakerOrders.join(', ')}`)
    .configureHelp({ showGlobalOptions: true })
    // What reaches the cluster, and which node, are options of the command above.
    .action((policy: string, _own: object, command: Command) => actingOn(runTune)(policy, command.optsWithGlobals()));
}

async function runPolicies(flags: Record<string, unknown>): Promise<void> {
  const wanted = given({ node: nodeIfAny(flags.node) });
  await looking(flags, ['node'], async (inspection, settings) => {
    const answer = await inspection.policies(wanted);
    if (settings.json) json(answer);
    else line(renderPolicies(answer).join('\n'));
  });
}

async function runTune(policy: string, flags: Record<string, unknown>): Promise<void> {
  const [order, wanted] = [orderFrom(flags), given({ node: nodeIfAny(flags.node) })];
  await looking(flags, ['node', 'set', 'breaker'], async (inspection, settings) => {
    const answer = await inspection.tune(policy, order, wanted);
    if (settings.json) json(answer);
    else line(renderTuned(answer).join('\n'));
    const [missing] = answer.missing;
    if (missing) process.exitCode = exitCodeFor(missing.error);
  });
}

function orderFrom({ set = [], breaker: given }: Record<string, unknown>): PolicyOrder {
  const settings = settingsFrom(set as string[]); // as the option collects them
  const breaker = breakerOrders.find((each) => each === given);
  if (given !== undefined && breaker === undefined) {
    const known = breakerOrders.join(', ');
    throw new InvalidConfigError(`--breaker is ${JSON.stringify(given)}; there are ${known}.`, {
      data: { path: 'breaker' },
    });
  }
  if (breaker === undefined && Object.keys(settings).length === 0) {
    throw new InvalidConfigError('Nothing is to be changed: give --set or --breaker.', { data: { path: 'set' } });
  }
  return {
    ...(Object.keys(settings).length === 0 ? {} : { set: settings }),
    ...(breaker === undefined ? {} : { breaker }),
  };
}
