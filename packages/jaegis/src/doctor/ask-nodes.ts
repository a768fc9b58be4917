/** Asks the nodes of a cluster who they are and what time it is there, by the requests that any NATS client can make. */
import type { About } from '@jaegis/cluster';
import { type Clock, type Delivery, hasCode, type Random, silentLogger, sleep, type Transport } from '@jaegis/core';
import { type ConnectOptions, connectNats, defaultInboxPrefix } from '@jaegis/nats';
import type { NamedClock } from './judge-clocks.ts';
import type { NodesFacts } from './judge-nodes.ts';

export interface AskNodesOptions extends Pick<ConnectOptions, 'auth' | 'tls' | 'inboxPrefix' | 'servers'> {
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
}

export interface AskedNodes {
  readonly facts: NodesFacts;
  readonly clocks: readonly NamedClock[];
}

/** How long a node may take, in ms. */
const answerMs = 2_000;

export async function askNodes(options: AskNodesOptions): Promise<AskedNodes> {
  const { clock, random, cluster, ...who } = options;
  try {
    const { transport, close } = await connectNats({ ...who, clock, logger: silentLogger, jetStream: false });
    await using _closing = { [Symbol.asyncDispose]: close };
    return await askAll({ transport, clock, random, prefix: options.inboxPrefix ?? defaultInboxPrefix }, cluster);
  } catch (error) {
    // Why there is no connection, the servers' own findings say.
    return { facts: { asked: hasCode(error, 'permission_denied') ? 'refused' : 'nobody' }, clocks: [] };
  }
}

interface Asking {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly prefix: string;
}

/** The part of the answer to `inspect.health` that is read. */
interface Health {
  readonly members?: readonly { readonly node: string; readonly status: string }[];
}

async function askAll(asking: Asking, cluster: string): Promise<AskedNodes> {
  const health = await ask<Health>(asking, `jaegis.${cluster}.inspect.health`);
  if (health === undefined) return { facts: { asked: 'nobody' }, clocks: [] };
  const clocks: NamedClock[] = [];
  const nodes = await Promise.all(
    (health.members ?? []).map(async ({ node, status }) => {
      const began = asking.clock.monotonic();
      const about = await ask<About>(asking, `jaegis.${cluster}.inspect.node.${node}.about`);
      const withinMs = (asking.clock.monotonic() - began) / 2;
      if (about)
        clocks.push({
          of: `node ${node}`,
          reading: { aheadMs: about.timeMs - (asking.clock.now() - withinMs), withinMs },
        });
      return { node, status, about };
    }),
  );
  return { facts: { asked: 'answered', nodes }, clocks };
}

/** Undefined when nobody answers in time. @throws PermissionDeniedError */
async function ask<Answer>({ transport, clock, random, prefix }: Asking, subject: string): Promise<Answer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Delivery>();
  const replyTo = `${prefix}.${random.id()}`;
  const subscription = transport.subscribe(replyTo, resolve);
  const refusals = transport.onRefused((refusal) => {
    if (refusal.subject === subject) reject(refusal.error);
  });
  const late = new AbortController();
  try {
    transport.publish(subject, new Uint8Array(0), { replyTo });
    const delivery = await Promise.race([promise, sleep(clock, answerMs, late.signal)]);
    if (!delivery || delivery.noResponders) return undefined;
    return JSON.parse(new TextDecoder().decode(delivery.data)) as Answer; // written by the inspector
  } finally {
    late.abort();
    subscription.unsubscribe();
    refusals.unsubscribe();
  }
}
