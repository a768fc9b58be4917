#!/usr/bin/env node
/** The `jaegis` command. */
import { Command } from 'commander';
import { registerDoctor } from './commands/doctor.ts';
import { registerNode } from './commands/node.ts';
import { registerState } from './commands/state.ts';
import { registerTree } from './commands/tree.ts';

const program = new Command('jaegis').description('Actors that survive the crash of anything.').version('0.1.0');

registerNode(program);
registerTree(program);
registerState(program);
registerDoctor(program);

await program.parseAsync();
