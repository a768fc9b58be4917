import { Command } from 'commander';
import { expect, it } from 'vitest';
import { completionScript, shells } from './completion-script.ts';

const program = new Command('jaegis');
program.command('drain <node>').description("a node's end").option('--wait <ms>', 'how long');
program.commands[0]?.command('later').option('--at <ms>', 'when');
program.command('import <file>').description('a file').option('--replace', 'instead');
program.command('actor <address>').description('an actor');
program.command('complete <kind>', { hidden: true });

it.each(shells)('for %s it knows the commands, their options and what their operands are', (shell) => {
  const script = completionScript(program, shell) ?? '';
  for (const known of ['drain', 'import', 'actor', 'wait', 'at', 'replace']) expect(script).toContain(known);
  expect(script).toMatch(/jaegis complete "?(\$operand|nodes)/);
  expect(script).not.toContain('complete)');
});

it('there is none for another shell', () => {
  expect(completionScript(program, 'tcsh')).toBeUndefined();
});
