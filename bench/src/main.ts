/** `npm run bench`: the project's claims about speed, each beside its peer in the same run. */
import { measureTurns } from './turns.ts';

const { appendMs, turnMs, ratio } = await measureTurns({ rounds: 7, turns: 300 });
process.stdout.write(
  [
    'durable turn, one at a time, one server, synced to disk (medians of 7 rounds)',
    `  one raw append     ${appendMs.toFixed(3)} ms`,
    `  one durable turn   ${turnMs.toFixed(3)} ms`,
    `  ratio              ${ratio.toFixed(2)}`,
    '',
  ].join('\n'),
);
