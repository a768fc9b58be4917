/** A whole world from one seed: its clock, its chance, a network and a JetStream that all of its nodes share. */
import {
  type Blobs,
  ClusterMismatchError,
  type Heart,
  type HeartOptions,
  type InboxStream,
  type Journal,
  type Logger,
  limits,
  type Store,
  silentLogger,
  TransportClosedError,
} from '@jaegis/core';
import type { NodeClock } from './node-clock.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimBlobs, type SimBlobsOptions } from './sim-blobs.ts';
import { SimHeart } from './sim-heart.ts';
import { SimInbox } from './sim-inbox.ts';
import { SimInboxLog, type SimInboxOptions } from './sim-inbox-log.ts';
import { SimJournal, type SimLogAccess, SimStore } from './sim-journal.ts';
import type { SimLink } from './sim-link.ts';
import { SimLog, type SimLogOptions } from './sim-log.ts';
import { type Latency, SimNetwork } from './sim-network.ts';
import { SimStorage } from './sim-storage.ts';
import { SimTransport } from './sim-transport.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface SimWorldOptions {
  /** The same seed and the same calls give the same run. */
  readonly seed: number | string;
  /** Of each way between a node and the server, drawn evenly. Default 0.1 to 1 ms. */
  readonly latency?: Latency;
  /** Whether messages of different senders may overtake each other on their way to one node. Default false. */
  readonly reorders?: boolean;
  readonly logger?: Logger;
  readonly startMs?: number;
  /** See {@link VirtualClockOptions.settled}. */
  readonly settled?: () => Promise<void>;
  /** Default 1 MiB, as nats-server's. */
  readonly maxPayload?: number;
}

export interface SimNodeOptions {
  /** Default `limits.sendBufferBytes`. */
  readonly sendBufferBytes?: number;
}

export interface SimJournalOptions {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly historyPerSubject?: number;
  readonly maxBytes?: number;
}

/** What one node has of the world; of the same shape as a connection to NATS. */
export interface SimConnection {
  readonly transport: SimTransport;
  /** The world's clock as the process of this connection sees it; it ends with it. */
  readonly clock: NodeClock;
  readonly replicas: 1 | 3;
  openJournal(options: SimJournalOptions): Promise<Journal>;
  openInbox(
    options: Omit<SimInboxOptions, 'duplicateWindowMs'> & { readonly duplicateWindowMs?: number },
  ): Promise<InboxStream>;
  openStore(options: { readonly name: string }): Promise<Store>;
  blobs(options: SimBlobsOptions): Blobs;
  heart(options: HeartOptions): Heart;
  close(): Promise<void>;
}

export interface SimWorld {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** Crashes, hangs, lost connections, partitions, loss. */
  readonly network: SimNetwork;
  /** Elections and lost answers. */
  readonly storage: SimStorage;
  /** A connection of the node of this name; a former one ends as in a crash. */
  connect(node: string, options?: SimNodeOptions): SimConnection;
}

const defaultLatency: Latency = { minMs: 0.1, maxMs: 1 };

export function createSimWorld(options: SimWorldOptions): SimWorld {
  const clock = new VirtualClock(options);
  const random = new SeededRandom(options.seed);
  const network = new SimNetwork({
    clock,
    random: random.fork('network'),
    latency: options.latency ?? defaultLatency,
    reorders: options.reorders ?? false,
  });
  const storage = new SimStorage(limits.storageTimeoutMs);
  const maxPayload = options.maxPayload ?? 1024 * 1024;
  const transportOptions = { maxPayload, logger: options.logger ?? silentLogger };
  const access = (link: SimLink, wanted: SimLogOptions): SimLogAccess => {
    assertOpen(link);
    return { link, storage, clock, maxPayload, log: openLog(storage, wanted) };
  };
  const transportOf = (link: SimLink, { sendBufferBytes = limits.sendBufferBytes }: SimNodeOptions = {}) =>
    new SimTransport(network, link, { ...transportOptions, sendBufferBytes });
  return {
    clock,
    random,
    network,
    storage,
    connect(node, nodeOptions) {
      const link = network.connect(node);
      const transport = transportOf(link, nodeOptions);
      return {
        transport,
        clock: link.clock,
        replicas: 1,
        openJournal: async (journal) => new SimJournal(access(link, journal)),
        openInbox: async ({ duplicateWindowMs = 120_000, ...inbox }) => {
          assertOpen(link);
          const log = openInboxLog(storage, clock, { ...inbox, duplicateWindowMs });
          return new SimInbox({ link, storage, log, maxPayload });
        },
        openStore: async ({ name }) =>
          new SimStore(access(link, { name: `KV_${name}`, subjects: ['>'], historyPerSubject: 1 })),
        blobs: (wanted) => new SimBlobs({ link, storage, clock }, wanted),
        heart: (wanted) => new SimHeart({ ...wanted, node, network, loop: link, connect: transportOf }),
        close: () => transport.close(),
      };
    },
  };
}

function assertOpen(link: SimLink): void {
  if (link.state === 'closed') throw new TransportClosedError('The connection of this node was closed.');
}

function openInboxLog(storage: SimStorage, clock: VirtualClock, wanted: SimInboxOptions): SimInboxLog {
  const log = storage.inbox(wanted.name, () => new SimInboxLog(wanted, clock, () => storage.hasLeader(wanted.name)));
  if (fixed(log.options) === fixed(wanted)) {
    log.change(wanted);
    return log;
  }
  throw new ClusterMismatchError(`The inbox ${wanted.name} exists with other settings.`, {
    data: { stream: wanted.name },
  });
}

function fixed({ subjects, duplicateWindowMs }: SimInboxOptions): string {
  return JSON.stringify({ subjects: subjects.toSorted(), duplicateWindowMs });
}

function openLog(storage: SimStorage, wanted: SimLogOptions): SimLog {
  const log = storage.log(wanted.name, () => new SimLog(wanted));
  const [present, asked] = [log.options, wanted].map(({ subjects }) => JSON.stringify(subjects.toSorted()));
  if (present !== asked) {
    throw new ClusterMismatchError(
      `The stream ${wanted.name} exists with other settings: subjects is ${present}, not ${asked}.`,
      { data: { stream: wanted.name, differing: ['subjects'] } },
    );
  }
  log.change(wanted);
  return log;
}
