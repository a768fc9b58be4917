/**
 * What the server did not allow this connection: told to whoever published or subscribed, and logged once for each
 * subject. The server says so some time after the call, and names the subject only.
 */
import { type JaegisError, type Logger, PermissionDeniedError, type TransportRefusal } from '@jaegis/core';
import {
  AuthorizationError,
  PermissionViolationError,
  ProtocolError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';

/** Subjects that are logged; there is no end of those that a user may name. */
const mostLogged = 256;

export class Refusals {
  readonly #logger: Logger;
  readonly #logged = new Set<string>();
  readonly #listeners = new Set<(refusal: TransportRefusal) => void>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Called for what was published, not for subscriptions. */
  onPublish(listener: (refusal: TransportRefusal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  take(violation: PermissionViolationError): void {
    const { operation, subject } = violation;
    const error = permissionDenied(`${operation === 'publish' ? 'publish' : 'subscribe'} to ${subject}`, violation);
    const key = `${operation} ${subject}`;
    if (!this.#logged.has(key) && this.#logged.size < mostLogged) {
      this.#logged.add(key);
      this.#logger.error('NATS refused for lack of permission', { operation, subject, error });
    }
    if (operation !== 'publish') return;
    for (const listener of this.#listeners) {
      try {
        listener({ subject, error });
      } catch (failure) {
        this.#logger.error('A listener for refusals threw', { subject, error: failure });
      }
    }
  }

  /** Another connection may have other permissions. */
  forget(): void {
    this.#logged.clear();
  }
}

export function permissionDenied(what: string, { operation, subject, message }: PermissionViolationError): JaegisError {
  return new PermissionDeniedError(`Could not ${what}: NATS says "${message}".`, { data: { operation, subject } });
}

/** The violation that an error of nats.js comes from, if any. */
export function violationIn(error: unknown): PermissionViolationError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PermissionViolationError) return cause;
  }
  return undefined;
}

/** nats.js has no class for "user authentication revoked" (3.4). */
export function isRefusedCredentials(error: unknown): boolean {
  return (
    error instanceof AuthorizationError ||
    error instanceof UserAuthenticationExpiredError ||
    (error instanceof ProtocolError && /authenticat|authoriz/i.test(error.message))
  );
}
