import { Command, InvalidArgumentError, Option } from 'commander';

/** What the demo is asked to do. */
export interface DemoOptions {
  readonly nodes: number;
  readonly servers: 1 | 3;
  readonly kills: number;
  readonly seed: number;
  readonly steps: number;
  /** Where the whole report goes as JSON. */
  readonly json: string | undefined;
  /** Where the supervision tree after the last kill is drawn as SVG. */
  readonly picture: string | undefined;
}

/** Steps of one chunk, the unit that a run is checkpointed in. */
export const CHUNK = 500;

/** Reads the command line; prints help or what is wrong, and then ends the process, by itself. */
export function readOptions(argv: readonly string[]): DemoOptions {
  const program = new Command('demo')
    .description('A molecular-dynamics campaign on a real cluster that loses a node in the middle.')
    .addOption(new Option('--nodes <n>', 'nodes of the cluster').default(3).argParser(whole(2, 16)))
    .addOption(new Option('--servers <n>', 'NATS servers').default(3).argParser(oneOrThree))
    .addOption(new Option('--kills <k>', 'nodes to kill, one after another').default(1).argParser(whole(0, 10)))
    .option('--no-kill', 'kill none')
    .addOption(new Option('--seed <s>', 'of the velocities').default(1).argParser(whole(0, 1_000_000)))
    .addOption(new Option('--steps <n>', `of each run, a multiple of ${CHUNK}`).default(40_000).argParser(steps))
    .option('--json <file>', 'write the whole report there')
    .option('--picture <file>', 'draw the supervision tree after the last kill there, as SVG')
    .parse(argv);
  const { kill, ...options } = program.opts<DemoOptions & { kill: boolean }>();
  return { ...options, json: options.json, picture: options.picture, kills: kill ? options.kills : 0 };
}

function whole(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function oneOrThree(text: string): number {
  if (text === '1' || text === '3') return Number(text);
  throw new InvalidArgumentError('It must be 1 or 3.');
}

function steps(text: string): number {
  const value = whole(CHUNK, 10_000_000)(text);
  if (value % CHUNK === 0) return value;
  throw new InvalidArgumentError(`It must be a multiple of ${CHUNK}, the steps between two checkpoints.`);
}
