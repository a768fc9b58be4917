import { errorToData, type LogFields, type Logger } from '@jaegis/core';
import { type DestinationStream, destination, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

export interface PinoLoggerOptions {
  /** The least level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** Where lines go. Default: standard error, written at once, so that a crash loses none. */
  readonly destination?: DestinationStream;
}

/** A log of JSON lines. An `error` field that holds an Error is written with its code, data and causes. */
export function pinoLogger(options: PinoLoggerOptions = {}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    serializers: { error: (error: unknown) => (error instanceof Error ? errorToData(error) : error) },
  };
  return wrap(pino(settings, options.destination ?? destination({ dest: 2, sync: true })));
}

function wrap(log: PinoLogger): Logger {
  return {
    debug: (message, fields) => log.debug(fields ?? {}, message),
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, fields) => log.error(fields ?? {}, message),
    child: (fields: LogFields) => wrap(log.child(fields)),
  };
}
