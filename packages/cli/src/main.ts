#!/usr/bin/env node
/** The `jaegis` command. */
import { Command, Option } from 'commander';
import { explain } from './explain.ts';
import { reachingCluster } from './nats-settings.ts';
import { runNode } from './run-node.ts';
import { runTree } from './run-tree.ts';

const program = new Command('jaegis').description('Actors that survive the crash of anything.').version('0.1.0');

reachingCluster(program.command('node').description('run one node of a cluster in this process'))
  .addOption(new Option('--name <name>', 'unique in the cluster').env('JAEGIS_NAME'))
  .addOption(new Option('--app <file>', 'a module whose default export is made by defineApp').env('JAEGIS_APP'))
  .addOption(new Option('--threads <n>', 'worker threads at most').env('JAEGIS_THREADS'))
  .addOption(new Option('--replicas <n>', 'copies of every record, 1 or 3').env('JAEGIS_REPLICAS'))
  .addOption(new Option('--history <n>', 'records kept of each entity').env('JAEGIS_HISTORY'))
  .addOption(
    new Option('--max-turn-bytes <n>', 'what the turns of all entities may take on each server').env(
      'JAEGIS_MAX_TURN_BYTES',
    ),
  )
  .addOption(new Option('--log-level <level>', 'debug, info, warn, error or silent').env('JAEGIS_LOG_LEVEL'))
  .option('--json', 'print the ready line as JSON')
  .option('--end-with-parent', 'end when the process that started this one is gone')
  .action(run(runNode));

reachingCluster(program.command('tree').description("print the cluster's supervision tree"))
  .option('--watch', 'draw it again every half second')
  .option('--json', 'print it as JSON')
  .option('--svg <file>', 'draw it into an SVG file')
  .action(run(runTree));

function run(command: (flags: Record<string, unknown>) => Promise<void>) {
  return async (flags: Record<string, unknown>): Promise<void> => {
    try {
      await command(flags);
    } catch (error) {
      process.stderr.write(explain(error));
      process.exitCode = 1;
    }
  };
}

await program.parseAsync();
