/** What the errors of JetStream and of nats.js mean to the journal and store ports. */
import {
  InvalidConfigError,
  InvalidTimerError,
  JaegisError,
  NotSerializableError,
  OutcomeUnknownError,
  OverloadedError,
  StorageUnavailableError,
  WrongSequenceError,
} from '@jaegis/core';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { InvalidArgumentError } from '@nats-io/transport-node';
import { permissionDenied, violationIn } from '../connection/refusals.ts';

/**
 * The server's storage is full: its own bound (JSInsufficientResourcesErr; by default three quarters of what was free when
 * it started), the account's (JSAccountResourcesExceededErr), or JSStorageResourcesExceededErr and JSMemoryResourcesExceededErr.
 */
const storageFull: readonly number[] = [10023, 10002, 10047, 10028];

/** JSMessageSchedulesTargetInvalidErr */
const badTarget = 10190;

/** What a request was for, in the words of its error. */
export interface Purpose {
  /** `append to "a.b"`, `read "a.b"`. */
  readonly what: string;
  readonly data: Readonly<Record<string, unknown>>;
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
  const violation = violationIn(cause);
  if (violation !== undefined) return permissionDenied(what, violation);
  if (cause instanceof InvalidArgumentError) {
    return new NotSerializableError(`Could not ${what}: ${cause.message}.`, { cause, data });
  }
  if (cause instanceof JetStreamApiError) {
    if (isWrongSequence(cause)) return new WrongSequenceError(`Could not ${what}: ${cause.message}.`, { cause, data });
    if (cause.code === streamStoreFailed && cause.message.includes('maximum bytes')) {
      return new OverloadedError(`Could not ${what}: ${cause.message}; raise maxBytes.`, { cause, data });
    }
    if (cause.code === badTarget) {
      return new InvalidTimerError(`Could not ${what}: ${cause.message}.`, { cause, data });
    }
    if (storageFull.includes(cause.code)) {
      return new OverloadedError(`Could not ${what}: the server's storage is full (${cause.message}).`, {
        cause,
        data,
      });
    }
    return unavailable(purpose, cause);
  }
  if (isNotServed(cause)) return unavailable(purpose, cause);
  return new OutcomeUnknownError(`No answer to: ${what} (${reasonOf(cause)}).`, { cause, data });
}

export function isWrongSequence({ code }: JetStreamApiError): boolean {
  return code === JetStreamApiCodes.StreamWrongLastSequence;
}

/**
 * A stream of several replicas says "wrong last sequence", without the right one, while another write to the subject is
 * on its way through them. That may be the writer's own one before, which is acknowledged before it is taken off that
 * list (nats-server 2.15, applyStreamMsgOp). So it decides nothing: nothing was written, and the same may be sent again.
 */
export function isUndecided(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown;
}

/** Nobody takes in what is sent to the subject. Never leaves the package. */
export class NotServedError extends Error {
  constructor(subject: string) {
    super(`nobody serves ${subject}`);
  }
}

/** Nobody answers JetStream's requests: no leader, no JetStream, or none for this account. nats.js exports no class. */
export function isNotServed(error: unknown): boolean {
  return error instanceof NotServedError || (error instanceof Error && error.name === 'JetStreamNotEnabled');
}

export function unavailable({ what, data }: Purpose, cause: unknown): JaegisError {
  if (cause instanceof JaegisError) return cause;
  const violation = violationIn(cause);
  if (violation !== undefined) return permissionDenied(what, violation);
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
