/** The `jaegis` command, once what it loads is cached (main.ts): its subcommands, and how it ends. */
import { Command, CommanderError } from 'commander';
import { InvalidConfigError } from 'jaegis';
import { registerActing } from './commands/act.ts';
import { registerActor } from './commands/actor.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerDev } from './commands/dev.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerDrain } from './commands/drain.ts';
import { registerHealth } from './commands/health.ts';
import { registerIncidents } from './commands/incidents.ts';
import { registerLetters } from './commands/letters.ts';
import { registerNode } from './commands/node.ts';
import { registerPlacement } from './commands/placement.ts';
import { registerPolicies } from './commands/policies.ts';
import { registerState } from './commands/state.ts';
import { registerTop } from './commands/top.ts';
import { registerTree } from './commands/tree.ts';
import { exitCodes } from './exit-code.ts';
import { explainAsJson } from './explain.ts';
import { wantsJson } from './options.ts';
import { endWhenPrinted, endWithReader } from './output.ts';

const program = new Command('jaegis').description('Actors that survive the crash of anything.').version('0.1.0');
// Before the commands are made: they take it over.
program.exitOverride();
const asJson = wantsJson(process.argv.slice(2), process.env);
if (asJson) program.configureOutput({ outputError: () => {} });
else program.showHelpAfterError('Add --help for what can be said.');

registerNode(program);
registerTree(program);
registerTop(program);
registerActor(program);
registerHealth(program);
registerPlacement(program);
registerPolicies(program);
registerIncidents(program);
registerLetters(program);
registerActing(program);
registerDrain(program);
registerState(program);
registerDoctor(program);
registerDev(program);
registerCompletion(program);

endWithReader();
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage; // commander has said why, to people
  if (asJson && error.exitCode !== 0) {
    process.stderr.write(explainAsJson(new InvalidConfigError(error.message.replace(/^error: /, ''))));
  }
}
// nats.js (3.4) leaves a socket that still waits for TCP, which an address that swallows packets lets live for minutes.
endWhenPrinted();
