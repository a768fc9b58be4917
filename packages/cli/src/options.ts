/** Options that several commands share, each with its variable. */
import { Option } from 'commander';

export const jsonOption = new Option('--json', 'print it as JSON');

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
