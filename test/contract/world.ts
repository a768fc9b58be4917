/** What a contract suite needs of the world it runs in. There is a real one and a simulated one. */
import {
  type Blobs,
  type Heart,
  type HeartOptions,
  hasCode,
  type InboxStream,
  type Journal,
  type Logger,
  type Store,
  sleep,
  type Transport,
} from '@jaegis/core';
import { realClock } from '@jaegis/node';

export interface JournalWishes {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly historyPerSubject?: number;
  readonly maxBytes?: number;
}

export interface InboxWishes {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly duplicateWindowMs?: number;
  readonly maxBytes?: number;
}

export interface Connection {
  readonly transport: Transport;
  openJournal(wishes: JournalWishes): Promise<Journal>;
  openInbox(wishes: InboxWishes): Promise<InboxStream>;
  openStore(name: string): Promise<Store>;
  /** @param keepMs Default: longer than any test. */
  openBlobs(name: string, keepMs?: number): Blobs;
  /** Stopped after the test. */
  heart(options: HeartOptions): Heart;
}

export interface World {
  /** Closed after the test. */
  connect(options?: { readonly sendBufferBytes?: number }): Promise<Connection>;
  /** The server is gone for all connections, and what was acknowledged is kept. */
  loseServer(): Promise<void>;
  restoreServer(): Promise<void>;
  /** What the adapter logged as errors in this test. */
  readonly errors: readonly string[];
}

/** A logger that keeps the errors only. */
export function errorsTo(list: string[]): Logger {
  const logger: Logger = {
    debug() {},
    info() {},
    warn() {},
    error: (message) => list.push(message),
    child: () => logger,
  };
  return logger;
}

/** The time limit is that of the test. */
export async function until(isTrue: () => boolean): Promise<void> {
  const clock = realClock();
  while (!isTrue()) await sleep(clock, 5);
}

/** Repeats what storage refuses while it has no leader, until it is taken. */
export async function eventually<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasCode(error, 'storage_unavailable')) throw error;
      await sleep(realClock(), 20);
    }
  }
}

let names = 0;

/** A name that no other test of this process uses. */
export function uniqueName(): string {
  names += 1;
  return `t${names}`;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (data: Uint8Array | undefined): string | undefined => data && new TextDecoder().decode(data);
