/** The roles of docs/security.md, as real servers enforce them. */
import { readFileSync } from 'node:fs';
import { type Logger, silentLogger, type Transport } from '@jaegis/core';
import { type ConnectOptions, connectNats, type NatsConnection } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { onTestFinished } from 'vitest';

/** The configuration that the page shows, for a cluster named "shop". */
export const permissions = readFileSync(new URL('../fixtures/permissions.conf', import.meta.url), 'utf8');

/** Who has the role says so, and takes answers where it may. */
export function as(role: string) {
  return { auth: { user: role, password: `${role}-secret` }, inboxPrefix: `_INBOX.${role}` };
}

/** A connection for the test; without JetStream, which not everybody may ask. */
export async function connection(
  servers: readonly string[],
  options: Partial<ConnectOptions>,
  logger: Logger = silentLogger,
): Promise<NatsConnection> {
  const made = await connectNats({ servers, logger, clock: realClock(), jetStream: false, ...options });
  onTestFinished(() => made.close());
  return made;
}

/** Resolves with the refusal of what is published. */
export function refusalOf(
  transport: Transport,
  subject: string,
  data: Uint8Array = new Uint8Array(),
): Promise<unknown> {
  return new Promise((resolve) => {
    transport.onRefused((refusal) => resolve({ subject: refusal.subject, error: refusal.error }));
    transport.publish(subject, data);
  });
}
