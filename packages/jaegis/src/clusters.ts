/** Which clusters there are at some servers, for a name that is mistyped. */
import { type JaegisError, NoSuchClusterError, type Subscription, type Transport } from '@jaegis/core';
import { defaultInboxPrefix } from '@jaegis/nats';
import { realClock, realRandom } from '@jaegis/node';

/** How long clusters may take to say their names, in ms. */
const NAMES_MS = 300;
/** What every node answers that serves. */
const PING = '$SRV.PING.jaegis';

export interface Asker {
  readonly transport: Transport;
  readonly inboxPrefix?: string | undefined;
}

/** The names of the clusters that have nodes at these servers, sorted, as far as one is permitted to ask. */
export async function clustersAt({ transport, inboxPrefix = defaultInboxPrefix }: Asker): Promise<string[]> {
  const names = new Set<string>();
  const [clock, decoder] = [realClock(), new TextDecoder()];
  const replyTo = `${inboxPrefix}.${realRandom().id()}`;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.setTimer(NAMES_MS, resolve);
  const subscriptions: Subscription[] = [
    transport.onRefused(({ subject }) => {
      if (subject === PING) resolve();
    }),
    transport.subscribe(replyTo, ({ data, noResponders }) => {
      if (noResponders) resolve();
      else names.add(clusterIn(decoder.decode(data)));
    }),
  ];
  try {
    transport.publish(PING, new Uint8Array(0), { replyTo });
    await promise;
  } finally {
    clock.clearTimer(timer);
    for (const subscription of subscriptions) subscription.unsubscribe();
  }
  return [...names].filter((name) => name !== '').sort();
}

/** @param known The clusters that there are instead. */
export function noSuchCluster(cluster: string, nats: readonly string[], known: readonly string[]): JaegisError {
  const others = known.map((name) => `"${name}"`).join(', ');
  const there = others === '' ? ', nor any other' : `; there is ${others}`;
  const text = `There is no cluster "${cluster}" at ${nats.join(', ')}${there}.`;
  return new NoSuchClusterError(text, { data: { cluster, known } });
}

function clusterIn(ping: string): string {
  try {
    const { metadata } = JSON.parse(ping);
    return typeof metadata?.cluster === 'string' ? metadata.cluster : '';
  } catch {
    return ''; // of somebody else
  }
}
