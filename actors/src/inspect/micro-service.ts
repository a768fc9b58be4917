import {
  AnswerTooLargeError,
  type Clock,
  type Delivery,
  errorToData,
  JaegisError,
  type Logger,
  type Subscription,
  type Transport,
} from '@jaegis/core';
import { withoutStacks } from './plain.ts';

export interface Endpoint {
  readonly name: string;
  /** A last token may be `*`. */
  readonly subject: string;
  /** The answer is sent as JSON; a throw is answered as `{ error }`, and so is an answer that is too large for the server. */
  readonly handle: (requestText: string, subject: string) => unknown;
}

export interface MicroServiceOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly endpoints: readonly Endpoint[];
}

interface Stats {
  requests: number;
  errors: number;
  lastError: string;
  processingNs: number;
}

/** All instances of a service share its requests. */
const QUEUE = 'q';
const TYPE = 'io.nats.micro.v1';

/**
 * A service by the NATS micro protocol (ADR-32): its endpoints answer plain requests with JSON, and `$SRV.PING`, `INFO`
 * and `STATS`, for all, by name or by id, tell what there is.
 */
export class MicroService {
  readonly #options: MicroServiceOptions;
  readonly #stats = new Map<string, Stats>();
  readonly #subscriptions: Subscription[] = [];
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #started = '';

  constructor(options: MicroServiceOptions) {
    this.#options = options;
  }

  start(): void {
    const { transport, clock, endpoints } = this.#options;
    this.#started = new Date(clock.now()).toISOString();
    for (const endpoint of endpoints) {
      this.#stats.set(endpoint.name, { requests: 0, errors: 0, lastError: '', processingNs: 0 });
      const answer = (delivery: Delivery) => void this.#serve(endpoint, delivery);
      this.#subscriptions.push(transport.subscribe(endpoint.subject, answer, { queue: QUEUE }));
    }
    this.#answer('PING', () => this.#ping());
    this.#answer('INFO', () => this.#info());
    this.#answer('STATS', () => this.#statistics());
  }

  stop(): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
  }

  #answer(verb: string, make: () => unknown): void {
    const { transport, name, id } = this.#options;
    for (const subject of [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${id}`]) {
      this.#subscriptions.push(transport.subscribe(subject, ({ replyTo }) => this.#reply(replyTo, make())));
    }
  }

  async #serve(endpoint: Endpoint, { data, subject, replyTo }: Delivery): Promise<void> {
    const { clock, logger } = this.#options;
    const stats = this.#stats.get(endpoint.name);
    const began = clock.monotonic();
    let answer: unknown;
    try {
      answer = await endpoint.handle(this.#decoder.decode(data), subject);
    } catch (error) {
      answer = { error: describe(error) };
      if (stats) {
        stats.errors++;
        stats.lastError = error instanceof Error ? error.message : String(error);
      }
      logger.debug('inspection request failed', { endpoint: endpoint.name, error });
    }
    if (stats) {
      stats.requests++;
      stats.processingNs += Math.round((clock.monotonic() - began) * 1e6);
    }
    this.#reply(replyTo, answer);
  }

  #reply(replyTo: string | undefined, value: unknown): void {
    if (replyTo === undefined) return;
    const { transport } = this.#options;
    try {
      const text = this.#encoder.encode(JSON.stringify(value));
      const fits = text.length <= transport.maxPayload;
      const sent = fits ? text : this.#encoder.encode(JSON.stringify(tooLarge(text.length, transport.maxPayload)));
      transport.publish(replyTo, sent);
    } catch (error) {
      this.#options.logger.warn('inspection answer not sent', { error });
    }
  }

  #identity() {
    const { name, id, version, metadata = {} } = this.#options;
    return { name, id, version, metadata };
  }

  #ping() {
    return { type: `${TYPE}.ping_response`, ...this.#identity() };
  }

  #info() {
    const endpoints = this.#options.endpoints.map(({ name, subject }) => ({
      name,
      subject,
      queue_group: QUEUE,
      metadata: {},
    }));
    return { type: `${TYPE}.info_response`, ...this.#identity(), description: this.#options.description, endpoints };
  }

  #statistics() {
    const endpoints = this.#options.endpoints.map(({ name, subject }) => {
      const { requests = 0, errors = 0, lastError = '', processingNs = 0 } = this.#stats.get(name) ?? {};
      return {
        name,
        subject,
        queue_group: QUEUE,
        num_requests: requests,
        num_errors: errors,
        last_error: lastError,
        processing_time: processingNs,
        average_processing_time: requests === 0 ? 0 : Math.round(processingNs / requests),
      };
    });
    return { type: `${TYPE}.stats_response`, ...this.#identity(), started: this.#started, endpoints };
  }
}

/** With what it means and what to do, for those who have no catalogue; without the files of the program. */
function describe(error: unknown) {
  const data = withoutStacks(errorToData(error));
  const advice = error instanceof JaegisError ? { meaning: error.meaning, remedy: error.remedy } : {};
  return { ...data, ...advice };
}

function tooLarge(bytes: number, limit: number) {
  const error = new AnswerTooLargeError(`The answer is ${bytes} bytes; the server takes ${limit}.`, {
    data: { bytes, limit },
  });
  return { error: describe(error) };
}
