/** `jaegis dev`: a whole cluster on this machine, whose nodes go over to what the files of the app hold. */
import { type Command, Option } from 'commander';
import { onSignals } from 'jaegis';
import { acting } from '../acting.ts';
import { DevCluster } from '../dev/dev-cluster.ts';
import { DevScreen } from '../dev/dev-screen.ts';
import { logLevelOption } from '../options.ts';
import { readSettings } from '../settings.ts';

export function registerDev(program: Command): void {
  program
    .command('dev')
    .description('run a cluster on this machine for an app, and take over what changes in its files')
    .addOption(new Option('--app <file>', 'a module whose default export is made by defineApp').env('JAEGIS_APP'))
    .addOption(new Option('--cluster <name>', 'the cluster').env('JAEGIS_CLUSTER'))
    .option('--nodes <n>', 'how many, from 1 to 9; default 3')
    .option('--servers <n>', 'NATS servers, 1 or 3; default 1')
    .option('--port <n>', 'of the first server; 0: any; default 4222, or any where that is taken')
    .option('--keep <folder>', 'where the state stays from one time to the next; default: it is temporary')
    .addOption(logLevelOption)
    .action(acting(runDev));
}

async function runDev(flags: Record<string, unknown>): Promise<void> {
  const settings = await readSettings(flags);
  const screen = new DevScreen();
  const { promise: told, resolve: end } = Promise.withResolvers<void>();
  const cluster = new DevCluster(settings, screen);
  // The second signal ends this process at once, and with it all that it has started.
  const forget = onSignals({ stop: () => end() });
  try {
    await Promise.race([cluster.run(), told]);
    screen.say('dev', 'ending');
  } finally {
    await cluster.stop();
    screen.end();
    forget();
  }
  // A library of the app's version that was only looked at must not keep this process alive.
  process.exit(process.exitCode ?? 0);
}
