/** Finds out what a user may do by doing it, so that nothing comes of it. */
import { PubHeaders } from '@nats-io/jetstream';
import { type NatsConnection as Client, headers, PermissionViolationError } from '@nats-io/transport-node';
import type { Trial } from './facts.ts';

/** In the words of nats.js. */
const operationOf = { publish: 'publish', subscribe: 'subscription' } as const;
/** What a stream of any other name does not take in. */
const noStream = 'JAEGIS-none';

/** Those that the server refused. */
export async function tryOut(client: Client, trials: readonly Trial[]): Promise<ReadonlySet<Trial>> {
  const violations: PermissionViolationError[] = [];
  const status = client.status();
  const watching = (async () => {
    for await (const event of status) {
      if (event.type === 'error' && event.error instanceof PermissionViolationError) violations.push(event.error);
    }
  })();
  for (const trial of trials) attempt(client, trial);
  // The server refuses in the order of what it was asked; the second round lets the first's refusals be heard.
  await client.flush();
  await client.flush();
  stopListening(status);
  await watching;
  const isRefused = ({ does, subject }: Trial) =>
    violations.some(({ operation, subject: refused }) => operationOf[does] === operation && refused === subject);
  return new Set(trials.filter(isRefused));
}

function attempt(client: Client, { does, subject, body = '', isForNoStream = false }: Trial): void {
  if (does === 'subscribe') {
    // The server refuses the subscription itself, whatever becomes of it.
    client.subscribe(subject, { callback: () => {} }).unsubscribe();
    return;
  }
  const expecting = headers();
  if (isForNoStream) expecting.set(PubHeaders.ExpectedStreamHdr, noStream);
  client.publish(subject, body, { headers: expecting });
}

function stopListening(status: AsyncIterable<unknown>): void {
  // nats.js gives an iterator of its own kind, whose type does not say so.
  if ('stop' in status && typeof status.stop === 'function') status.stop();
}
