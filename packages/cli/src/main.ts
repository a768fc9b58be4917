#!/usr/bin/env node
/** The `jaegis` command. */
import { Command, Option } from 'commander';
import { explain } from './explain.ts';
import { reachingCluster } from './nats-settings.ts';
import { runNode } from './run-node.ts';
import { runTree } from './run-tree.ts';
import { runBackup, runExport, runHistory, runImport, runLetters, runRestore } from './state-commands.ts';

const replicas = new Option('--replicas <n>', 'copies of every record, 1 or 3').env('JAEGIS_REPLICAS');
const storage = new Option('--storage <where>', 'file or memory: where the servers keep the streams').env(
  'JAEGIS_STORAGE',
);
const history = new Option('--history <n>', 'records kept of each entity').env('JAEGIS_HISTORY');
const json = new Option('--json', 'print it as JSON');

const program = new Command('jaegis').description('Actors that survive the crash of anything.').version('0.1.0');

reachingCluster(program.command('node').description('run one node of a cluster in this process'))
  .addOption(new Option('--name <name>', 'unique in the cluster').env('JAEGIS_NAME'))
  .addOption(new Option('--app <file>', 'a module whose default export is made by defineApp').env('JAEGIS_APP'))
  .addOption(new Option('--weight <n>', 'of the entities it takes its part by it; 0: none').env('JAEGIS_WEIGHT'))
  .addOption(new Option('--labels <names>', 'what is special about it, with commas').env('JAEGIS_LABELS'))
  .addOption(
    new Option('--drain-ms <n>', 'how long it may take to hand over when it is told to stop').env('JAEGIS_DRAIN_MS'),
  )
  .addOption(new Option('--threads <n>', 'worker threads at most').env('JAEGIS_THREADS'))
  .addOption(replicas)
  .addOption(storage)
  .addOption(history)
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
  .addOption(new Option('--log-level <level>', 'debug, info, warn, error or silent').env('JAEGIS_LOG_LEVEL'))
  .option('--json', 'print the ready line as JSON')
  .option('--end-with-parent', 'end when the process that started this one is gone')
  .action(run(runNode));

reachingCluster(program.command('tree').description("print the cluster's supervision tree"))
  .option('--watch', 'draw it again every half second')
  .option('--json', 'print it as JSON')
  .option('--svg <file>', 'draw it into an SVG file')
  .action(run(runTree));

command('history <entity>', "print an entity's turns that are kept, oldest first; the entity as type/key")
  .option('--turn <n>', 'that turn alone, with the state that it left')
  .addOption(json)
  .action(runWith(runHistory));

reachingCluster(program.command('letters').description('print what entities gave up, and turns that cannot be read'))
  .addOption(json)
  .action(run(runLetters));

command('export <entity>', 'write an entity with its history to a file, or to the output')
  .option('--out <file>', 'must not be there yet')
  .action(runWith(runExport));

command('import <file>', 'take an exported entity in')
  .option('--as <entity>', 'under another name, type/key')
  .option('--replace', 'instead of the entity that has the name')
  .addOption(json)
  .action(runWith(runImport));

command('backup <folder>', 'write the state of the whole cluster to files, while it runs')
  .addOption(json)
  .action(runWith(runBackup));

command('restore <folder>', 'bring a backup into a cluster that holds nothing, before its nodes are started')
  .addOption(replicas)
  .addOption(storage)
  .addOption(history)
  .addOption(json)
  .action(runWith(runRestore));

function command(usage: string, what: string): Command {
  return reachingCluster(program.command(usage).description(what));
}

function runWith(act: (operand: string, flags: Record<string, unknown>) => Promise<void>) {
  return (operand: string, flags: Record<string, unknown>) => run(() => act(operand, flags))(flags);
}

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
