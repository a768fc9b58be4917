/** What journals and stores share: JetStream on one connection, asked for reads and writes. */
import { backoffDelay, type Clock, type Slots, sleep } from '@jaegis/core';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { Link } from '../connection/link.ts';
import type { Appends } from './appends.ts';
import type { Batches } from './batches.ts';
import { isNotServed, isUndecided, type Purpose, unavailable, writeError } from './errors.ts';
import type { Gets } from './gets.ts';

export interface JetStreamAccess {
  readonly link: Link;
  readonly clock: Clock;
  readonly client: JetStreamClient;
  readonly appends: Appends;
  readonly batches: Batches;
  readonly gets: Gets;
  /** Of reads under way. */
  readonly reads: Slots;
  /** How long one request may take. */
  readonly timeoutMs: number;
}

interface Settling extends Pick<JetStreamAccess, 'clock' | 'timeoutMs'> {
  readonly link: Pick<Link, 'assertConnected'>;
}

interface Writing extends Settling {
  readonly link: Pick<Link, 'assertConnected' | 'orLost'>;
}

interface Reading {
  readonly link: Pick<Link, 'assertConnected' | 'orLost'>;
  readonly reads: Slots;
}

/** A read either answers or changed nothing: every failure is StorageUnavailableError. */
export async function read<Answer>(
  { link, reads }: Reading,
  purpose: Purpose,
  send: () => Promise<Answer>,
): Promise<Answer> {
  link.assertConnected();
  try {
    return await reads.run(() => {
      link.assertConnected(); // it may have waited
      return link.orLost(send());
    });
  } catch (cause) {
    throw unavailable(purpose, cause);
  }
}

/** Before a write that JetStream did not decide on, or that nobody there has seen, is sent again. */
const pause = { firstMs: 1, maxMs: 50 };

/**
 * A write is refused, or not written, or of unknown outcome: see {@link writeError}. That nobody serves the stream passes:
 * its leader is being elected, or the stream is so new that not every server knows yet where its subjects go.
 */
export function write<Answer>(access: Writing, purpose: Purpose, send: () => Promise<Answer>): Promise<Answer> {
  return settled(access, purpose, () => access.link.orLost(send()));
}

/** The same for what is rejected by itself when the connection breaks. */
export async function settled<Answer>(
  { link, clock, timeoutMs }: Settling,
  purpose: Purpose,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = clock.monotonic() + timeoutMs;
  for (let attempt = 1; ; attempt++) {
    link.assertConnected();
    try {
      return await send();
    } catch (cause) {
      const mayPass = isUndecided(cause) || isNotServed(cause);
      if (!mayPass || clock.monotonic() >= deadline) throw writeError(purpose, cause);
    }
    await sleep(clock, backoffDelay(attempt, 1, pause));
  }
}
