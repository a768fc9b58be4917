/** What journals and stores share: JetStream on one connection, and what its errors mean to the ports. */
import {
  type Clock,
  InvalidConfigError,
  JaegisError,
  NotSerializableError,
  OutcomeUnknownError,
  OverloadedError,
  StorageUnavailableError,
  WrongSequenceError,
} from '@jaegis/core';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { InvalidArgumentError } from '@nats-io/transport-node';
import type { Link } from '../connection/link.ts';

export interface JetStreamAccess {
  readonly link: Link;
  readonly clock: Clock;
  readonly client: JetStreamClient;
  /** How long one request may take. */
  readonly timeoutMs: number;
}

/** What a request was for, in the words of its error. */
export interface Purpose {
  /** `append to "a.b"`, `read "a.b"`. */
  readonly what: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A read either answers or changed nothing: every failure is StorageUnavailableError. */
export async function read<Answer>(
  { link }: JetStreamAccess,
  purpose: Purpose,
  send: () => Promise<Answer>,
): Promise<Answer> {
  link.assertConnected();
  try {
    return await link.orLost(send());
  } catch (cause) {
    throw unavailable(purpose, cause);
  }
}

/** A write is refused, or not written, or of unknown outcome; see {@link writeError}. */
export async function write<Answer>(
  { link }: JetStreamAccess,
  purpose: Purpose,
  send: () => Promise<Answer>,
): Promise<Answer> {
  link.assertConnected();
  try {
    return await link.orLost(send());
  } catch (cause) {
    throw writeError(purpose, cause);
  }
}

/** JSStreamStoreFailedF, for a stream that refuses what exceeds max_bytes. */
const streamStoreFailed = 10077;

/**
 * An error that JetStream answers means that nothing was written. So does "no responders": a stream without a leader
 * has no subscription. All else (a timeout, a lost connection) may hide a success.
 */
export function writeError(purpose: Purpose, cause: unknown): JaegisError {
  const { what, data } = purpose;
  if (cause instanceof JaegisError) return cause;
  if (cause instanceof InvalidArgumentError) {
    return new NotSerializableError(`Could not ${what}: ${cause.message}.`, { cause, data });
  }
  if (cause instanceof JetStreamApiError) {
    if (isWrongSequence(cause)) return new WrongSequenceError(`Could not ${what}: ${cause.message}.`, { cause, data });
    if (cause.code === streamStoreFailed && cause.message.includes('maximum bytes')) {
      return new OverloadedError(`Could not ${what}: ${cause.message}; raise maxBytes.`, { cause, data });
    }
    return unavailable(purpose, cause);
  }
  if (isNotServed(cause)) return unavailable(purpose, cause);
  return new OutcomeUnknownError(`No answer to: ${what} (${reasonOf(cause)}).`, { cause, data });
}

export function isWrongSequence({ code }: JetStreamApiError): boolean {
  return (
    code === JetStreamApiCodes.StreamWrongLastSequence || code === JetStreamApiCodes.StreamWrongLastSequenceUnknown
  );
}

/** Nobody answers JetStream's requests: no leader, no JetStream, or none for this account. The class is not exported. */
export function isNotServed(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled';
}

export function unavailable({ what, data }: Purpose, cause: unknown): JaegisError {
  if (cause instanceof JaegisError) return cause;
  const reason = isNotServed(cause) ? 'no leader answers' : reasonOf(cause);
  return new StorageUnavailableError(`Could not ${what}: ${reason}.`, { cause, data });
}

/** JetStream will never take these options: the user must change them. */
export function refusedOptions(name: string, cause: JetStreamApiError): JaegisError {
  return new InvalidConfigError(`JetStream refused ${name}: ${cause.message}.`, {
    cause,
    data: { path: name, errorCode: cause.code },
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
