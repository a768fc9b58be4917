import { constants } from 'node:os';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export interface SignalHandlers {
  /** Called at the first signal. From then on the process ends only when it has nothing left to do. */
  readonly stop: (signal: StopSignal) => void;
}

/** The part of `process` that is needed, so that a test can stand in for it. */
export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  exit(code: number): void;
}

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];

/**
 * The first SIGINT or SIGTERM asks to stop, the second ends the process at once with 128 + its number, as a shell
 * would show it. Returns how to stop listening; Node's own handling is then back.
 */
export function onSignals(handlers: SignalHandlers, source: SignalSource = process): () => void {
  let stopping = false;
  const listener = (signal: StopSignal): void => {
    if (stopping) {
      source.exit(128 + constants.signals[signal]);
      return;
    }
    stopping = true;
    handlers.stop(signal);
  };
  for (const signal of stopSignals) source.on(signal, listener);
  return () => {
    for (const signal of stopSignals) source.off(signal, listener);
  };
}
