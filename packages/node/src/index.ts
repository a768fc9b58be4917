/** The real world behind the ports of core: clock, randomness, host, log and process. */
export { realClock } from './clock.ts';
export { sha256 } from './digest.ts';
export { folderArchive } from './folder-archive.ts';
export { folderShelf } from './folder-shelf.ts';
export { realHost } from './host.ts';
export { type LogLevel, logLevels, type PinoLoggerOptions, pinoLogger } from './logger.ts';
export { onParentGone } from './parent.ts';
export { type ProbeAnswer, type ProbeServer, type Probes, serveProbes } from './probe-server.ts';
export { realRandom } from './random.ts';
export { onSignals, type SignalHandlers, type StopSignal } from './signals.ts';
export { realVitals } from './vitals.ts';
