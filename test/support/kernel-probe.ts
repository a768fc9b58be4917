/** Actors that do what tests of supervision tell them, and a log of what becomes of them. */
import { defineActor, stop } from '@jaegis/actors';

export interface Told {
  /** Names of those that began, in order. */
  readonly begun: string[];
  /** Names and reasons of those that ended in order or crashed, not of those that were killed. */
  readonly ended: [name: string, reason: unknown][];
}

export const told = (): Told => ({ begun: [], ended: [] });

export interface ProbeOptions {
  readonly preserve?: 'memory' | 'none';
  /** Called at each start; what it throws fails the start. */
  readonly onStart?: (start: number) => void;
  /** How its stop ends: at once, after this, or never. */
  readonly onStop?: () => void | Promise<void>;
}

/** An actor that counts, fails and ends by order. `log` hears of its starts and ends. */
export function probe(name: string, log: Told, options: ProbeOptions = {}) {
  let starts = 0;
  return defineActor('probe', {
    preserve: options.preserve ?? 'none',
    state: () => {
      options.onStart?.(++starts);
      log.begun.push(name);
      return { count: 0 };
    },
    stop: (_state, reason) => {
      log.ended.push([name, reason]);
      return options.onStop?.();
    },
    on: {
      ping: () => ({ reply: name }),
      add: (state) => ({ state: { count: state.count + 1 }, reply: state.count + 1 }),
      read: (state) => ({ reply: state.count }),
      fail: (_state, message: { reason?: unknown }) => {
        throw 'reason' in message ? message.reason : new Error('as asked');
      },
      end: (_state, message: { reason?: unknown }) => ({ actions: [stop(message.reason ?? 'normal')] }),
    },
  });
}

/** Resolves once all that was ready has been handled, on a real or a virtual clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
