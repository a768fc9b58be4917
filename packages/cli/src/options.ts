/** Options that several commands share, each with its variable. */
import { Option } from 'commander';

/**
 * One that is there or not. Its variable says `true` or `false`; commander by itself takes any variable that is set, also
 * one that says `false`, for a yes.
 */
export function switchOption(flags: string, description: string, variable: string): Option {
  const option = new Option(flags, `${description} (env: ${variable})`);
  const text = process.env[variable];
  return text === undefined || text === '' ? option : option.default(text, 'by that variable');
}

export const jsonOption = switchOption('--json', 'print it as JSON', 'JAEGIS_JSON');
export const timeoutOption = new Option('--timeout <ms>', 'how long it may take').env('JAEGIS_TIMEOUT');
export const nodeOption = new Option('--node <name>', 'of this node alone');
export const limitOption = new Option('--limit <n>', 'so many at most');

/** Of streams that are made. */
export const streamOptions = [
  new Option('--replicas <n>', 'copies of every record, 1 or 3').env('JAEGIS_REPLICAS'),
  new Option('--storage <where>', 'file or memory: where the servers keep the streams').env('JAEGIS_STORAGE'),
  new Option('--history <n>', 'records kept of each entity').env('JAEGIS_HISTORY'),
] as const;

/** Of what runs until it is told to end. */
export const logLevelOption = new Option('--log-level <level>', 'debug, info, warn, error or silent').env(
  'JAEGIS_LOG_LEVEL',
);

/** Whether errors are to be JSON where what was typed could not be read, so that no option is known. */
export function wantsJson(words: readonly string[], variables: NodeJS.ProcessEnv): boolean {
  const end = words.indexOf('--');
  const isTyped = (end < 0 ? words : words.slice(0, end)).includes('--json');
  return isTyped || /^(true|1|yes|on|y|enabled)$/i.test(variables.JAEGIS_JSON ?? '');
}
