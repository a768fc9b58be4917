/** A connection of a tool to a cluster that it is no member of: plain NATS requests in JSON, as any client could make them. */
import {
  AskTimeoutError,
  type Clock,
  ClusterUnavailableError,
  type Delivery,
  type ErrorData,
  errorFromData,
  type Random,
  type Subscription,
  silentLogger,
  type Timer,
  type Transport,
} from '@jaegis/core';
import { type ConnectOptions, connectNats, defaultInboxPrefix } from '@jaegis/nats';
import { realClock, realRandom } from '@jaegis/node';
import { checkCluster } from './checked.ts';
import { clustersAt, noSuchCluster } from './clusters.ts';

export interface InspectionOptions extends Pick<ConnectOptions, 'auth' | 'tls' | 'inboxPrefix'> {
  readonly nats: readonly string[];
  readonly cluster: string;
}

/** How long the cluster may take to answer, in ms, besides what it is asked to take. */
const ANSWER_MS = 3_000;
/** A node that hangs takes requests and answers none: what changes nothing is asked again after so many ms. */
const AGAIN_MS = 400;

export interface Request {
  /** Below `jaegis.<cluster>.`. */
  readonly what: string;
  readonly body?: object;
  /** How long the answer takes by itself, in ms. Default 0. */
  readonly takesMs?: number;
  /** It may be asked more than once. Default true. */
  readonly isRead?: boolean;
}

export class Console implements AsyncDisposable {
  readonly #options: InspectionOptions;
  readonly #transport: Transport;
  readonly #close: () => Promise<void>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  private constructor(options: InspectionOptions, transport: Transport, close: () => Promise<void>) {
    this.#options = options;
    this.#transport = transport;
    this.#close = close;
    this.#clock = realClock();
    this.#random = realRandom();
  }

  /** @throws InvalidConfigError, ConnectFailedError */
  static async open(options: InspectionOptions): Promise<Console> {
    checkCluster('requestInspection', options);
    const { nats, cluster: _, ...who } = options;
    // Who looks at a cluster needs no JetStream, nor the permission to ask for it.
    const { transport, close } = await connectNats({
      servers: nats,
      logger: silentLogger,
      clock: realClock(),
      jetStream: false,
      ...who,
    });
    return new Console(options, transport, close);
  }

  /**
   * @throws NoSuchClusterError, ClusterUnavailableError when no node answers, PermissionDeniedError, or what the node
   * answered as its error.
   */
  async request<T>(request: Request): Promise<T> {
    const { what, body = {}, takesMs = 0, isRead = true } = request;
    const { cluster } = this.#options;
    const data = this.#encoder.encode(JSON.stringify(body));
    const delivery = await this.#ask(`jaegis.${cluster}.${what}`, data, ANSWER_MS + takesMs, isRead ? AGAIN_MS : 0);
    if (!delivery) throw new AskTimeoutError(`Cluster "${cluster}" did not answer in ${ANSWER_MS + takesMs} ms.`);
    if (delivery.noResponders) throw await this.#nobody();
    const answer: unknown = JSON.parse(this.#decoder.decode(delivery.data));
    if (isRefusal(answer)) throw errorFromData(answer.error);
    return answer as T; // by the inspector of a node
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  /** The first answer; undefined when there is none in time. */
  async #ask(subject: string, data: Uint8Array, timeoutMs: number, againMs: number): Promise<Delivery | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Delivery | undefined>();
    const replyTo = this.#freshSubject();
    const subscriptions: Subscription[] = [
      this.#transport.subscribe(replyTo, resolve),
      this.#transport.onRefused((refusal) => {
        if (refusal.subject === subject) reject(refusal.error);
      }),
    ];
    const timers: (Timer | undefined)[] = [this.#clock.setTimer(timeoutMs, () => resolve(undefined))];
    const say = () => {
      this.#transport.publish(subject, data, { replyTo });
      if (againMs > 0) timers[1] = this.#clock.setTimer(againMs, say);
    };
    try {
      say();
      return await promise;
    } finally {
      for (const timer of timers) this.#clock.clearTimer(timer);
      for (const subscription of subscriptions) subscription.unsubscribe();
    }
  }

  async #nobody(): Promise<Error> {
    const { cluster, nats } = this.#options;
    const known = await clustersAt({ ...this.#options, transport: this.#transport });
    const others = known.filter((name) => name !== cluster);
    if (others.length > 0) return noSuchCluster(cluster, nats, others);
    return new ClusterUnavailableError(
      `No node of a cluster "${cluster}" is connected to ${nats.join(', ')}. Check --cluster and --nats.`,
    );
  }

  #freshSubject(): string {
    return `${this.#options.inboxPrefix ?? defaultInboxPrefix}.${this.#random.id()}`;
  }
}

function isRefusal(answer: unknown): answer is { readonly error: ErrorData } {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return false;
  const { error } = answer;
  return typeof error === 'object' && error !== null && 'name' in error && 'message' in error;
}
