/** The heart port by a thread with a connection of its own. This is the event loop's side of it. */
import { isMainThread, Worker } from 'node:worker_threads';
import {
  type Clock,
  defaultHealth,
  errorFromData,
  type Heart,
  type HeartOptions,
  type Load,
  type Logger,
  type Member,
  sleep,
} from '@jaegis/core';
import { SharedLoad } from './shared-load.ts';
import { type FromHeart, type HeartThreadData, type ToHeart, witnessKey } from './thread-protocol.ts';

export interface ThreadHeartOptions extends HeartOptions {
  readonly connect: HeartThreadData['connect'];
  readonly logger: Logger;
  readonly clock: Clock;
}

/** How long the thread may take to close its connection, and how long it rests after a failure, in ms. */
const END_MS = 1_000;
/** JavaScript heap of the thread, in MiB; it needs a tenth of it. */
const HEAP_MB = 64;

export class ThreadHeart implements Heart {
  readonly #options: ThreadHeartOptions;
  readonly #load = new SharedLoad();
  readonly #orders = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  #worker: Worker | undefined;
  #self: Member | undefined;
  #missing = '[]';
  #order = 0;

  /** The thread starts and connects at once: until it is needed, other things can be done. */
  constructor(options: ThreadHeartOptions) {
    this.#options = options;
    this.#worker = this.#launch();
  }

  start(self: Member): Promise<void> {
    this.#self = self;
    this.#worker ??= this.#launch();
    const order = this.#order++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#orders.set(order, { resolve, reject });
    this.#tell({ say: 'start', self, order });
    return promise;
  }

  turn(load: Load): void {
    this.#load.write(load);
    const missing = JSON.stringify(load.missing ?? []);
    if (missing === this.#missing) return;
    this.#missing = missing;
    this.#tell({ say: 'missing', missing: load.missing ?? [] });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#self = undefined;
    if (worker === undefined) return;
    const bound = new AbortController();
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    // So that nobody waits for it who has nothing else to do.
    worker.ref();
    worker.postMessage({ say: 'stop' } satisfies ToHeart);
    await Promise.race([ended, sleep(this.#options.clock, END_MS, bound.signal)]);
    bound.abort();
    await worker.terminate();
  }

  #launch(): Worker {
    const { cluster, connect, running } = this.#options;
    const { everyMs = defaultHealth.beatMs, stalledAfterMs = defaultHealth.stalledAfterMs } = this.#options;
    const { memory } = this.#load;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./heart-thread.${extension}`, import.meta.url), {
      name: 'heart',
      workerData: { cluster, connect, everyMs, stalledAfterMs, memory, isMain: isMainThread } satisfies HeartThreadData,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    const witness = Symbol.for(witnessKey(worker.threadId));
    Reflect.set(globalThis, witness, () => ({ actor: running?.(), turn: this.#load.turns }));
    worker.on('message', (message: FromHeart) => this.#take(message));
    worker.on('error', (error) => this.#options.logger.error('the heart of this node has failed', { error }));
    worker.on('exit', () => {
      Reflect.deleteProperty(globalThis, witness);
      this.#ended(worker);
    });
    // Who has nothing to do but to say that he lives may end. Listening to messages would take it back.
    worker.unref();
    return worker;
  }

  #tell(message: ToHeart): void {
    this.#worker?.postMessage(message);
  }

  #take(message: FromHeart): void {
    if (message.say === 'log') {
      this.#options.logger[message.level](message.message, { connection: 'heart', ...JSON.parse(message.fields) });
      return;
    }
    const order = this.#orders.get(message.order);
    this.#orders.delete(message.order);
    if (message.say === 'failed') order?.reject(errorFromData(message.error));
    else order?.resolve();
  }

  /** A heart that has failed is replaced; meanwhile the event loop answers for the node. */
  #ended(worker: Worker): void {
    const failed = new Error('The heart of this node has ended.');
    for (const { reject } of this.#orders.values()) reject(failed);
    this.#orders.clear();
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#missing = '[]';
    this.#options.clock.setTimer(END_MS, () => {
      if (this.#worker !== undefined || this.#self === undefined) return;
      this.start(this.#self).catch((error: unknown) => {
        this.#options.logger.error('the heart of this node could not be started again', { error });
      });
    });
  }
}
