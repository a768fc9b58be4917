import {
  AskTimeoutError,
  ClusterUnavailableError,
  type Delivery,
  silentLogger,
  sleep,
  type TreeNode,
} from '@jaegis/core';
import { type ConnectOptions, connectNats, defaultInboxPrefix } from '@jaegis/nats';
import { realClock, realRandom } from '@jaegis/node';

/** The answer to a request for the cluster's supervision tree. */
export interface TreeAnswer {
  readonly cluster: string;
  readonly epoch: number;
  readonly nodes: readonly TreeNode[];
}

export interface InspectionOptions extends Pick<ConnectOptions, 'auth' | 'tls' | 'inboxPrefix'> {
  readonly nats: readonly string[];
  readonly cluster: string;
}

export interface Inspection extends AsyncDisposable {
  /** @throws ClusterUnavailableError when no node of the cluster answers. */
  tree(): Promise<TreeAnswer>;
}

/** How long the cluster may take to answer, in ms. */
const ANSWER_MS = 3_000;

/**
 * Asks a cluster what runs on it, over a connection of its own, as any NATS client can.
 * @throws InvalidConfigError, ConnectFailedError
 */
export async function requestInspection(options: InspectionOptions): Promise<Inspection> {
  const clock = realClock();
  const { nats, cluster: _, ...who } = options;
  // Who looks at a cluster needs no JetStream, nor the permission to ask for it.
  const { transport, close } = await connectNats({
    servers: nats,
    logger: silentLogger,
    clock,
    jetStream: false,
    ...who,
  });
  const subject = `jaegis.${options.cluster}.inspect.tree`;
  const ask = async (): Promise<TreeAnswer> => {
    const { promise, resolve } = Promise.withResolvers<Delivery>();
    const replyTo = `${options.inboxPrefix ?? defaultInboxPrefix}.${realRandom().id()}`;
    const subscription = transport.subscribe(replyTo, resolve);
    const late = new AbortController();
    transport.publish(subject, new Uint8Array(0), { replyTo });
    const delivery = await Promise.race([promise, sleep(clock, ANSWER_MS, late.signal)]);
    late.abort();
    subscription.unsubscribe();
    await transport.flush();
    if (!delivery) throw new AskTimeoutError(`Cluster "${options.cluster}" did not answer in ${ANSWER_MS} ms.`);
    if (delivery.noResponders) {
      throw new ClusterUnavailableError(
        `No node of a cluster "${options.cluster}" is connected to ${options.nats.join(', ')}. Check --cluster and --nats.`,
      );
    }
    return JSON.parse(new TextDecoder().decode(delivery.data)) as TreeAnswer; // written by the inspector
  };
  return { tree: ask, [Symbol.asyncDispose]: close };
}
