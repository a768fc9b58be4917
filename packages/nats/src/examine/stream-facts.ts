/** JetStream as one account sees it: what it may use, and the streams that are wanted of it. */
import { type Clock, sleep } from '@jaegis/core';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection as Client } from '@nats-io/transport-node';
import { unavailable } from '../jetstream/errors.ts';
import type { StreamPlan } from '../jetstream/open-stream.ts';
import { streamNames } from '../jetstream/stream-names.ts';
import { changesTo, differencesOf } from '../jetstream/stream-settings.ts';
import { readingOf } from './clock-reading.ts';
import type { AccountFacts, StreamFacts } from './facts.ts';

const answerMs = 2_000;
/** A copy is behind for a moment after each record: one that still is after so many looks, so many ms apart, is slow. */
const looks = 10;
const lookMs = 100;
const notFound: number = JetStreamApiCodes.StreamNotFound;

export async function accountOf(client: Client): Promise<AccountFacts | Error> {
  try {
    const { limits, ...used } = await (await managerOf(client)).getAccountInfo();
    return {
      storage: used.storage,
      maxStorage: limits.max_storage,
      memory: used.memory,
      maxMemory: limits.max_memory,
      streams: used.streams,
      maxStreams: limits.max_streams,
      consumers: used.consumers,
      maxConsumers: limits.max_consumers,
    };
  } catch (cause) {
    return unavailable({ what: 'ask for the limits of the account', data: {} }, cause);
  }
}

export async function streamFacts(client: Client, plan: StreamPlan, clock: Clock): Promise<StreamFacts> {
  const { name } = plan.fixed;
  try {
    const manager = await managerOf(client);
    for (let look = 1; ; look++) {
      const began = clock.monotonic();
      const info = await manager.streams.info(name);
      if (look < looks && isBehind(info)) {
        await sleep(clock, lookMs);
        continue;
      }
      const reading = readingOf(info.ts, clock.now(), clock.monotonic() - began);
      return { name, found: 'yes', ...described(info, plan), clock: reading };
    }
  } catch (cause) {
    if (cause instanceof JetStreamApiError && cause.code === notFound) return { name, found: 'no' };
    return {
      name,
      found: 'unknown',
      error: unavailable({ what: `look at the stream ${name}`, data: { name } }, cause),
    };
  }
}

function isBehind({ cluster }: StreamInfo): boolean {
  const copies = cluster?.replicas ?? [];
  return copies.some(({ current, offline = false, lag = 0 }) => !offline && (!current || lag > 0));
}

function described({ config, state, cluster }: StreamInfo, { fixed, changeable }: StreamPlan) {
  return {
    storage: config.storage === StorageType.Memory ? ('memory' as const) : ('file' as const),
    copies: config.num_replicas,
    // A server alone leads all that it has.
    leader: cluster === undefined ? 'the only server' : cluster.leader,
    replicas: (cluster?.replicas ?? []).map(({ name, current, offline = false, lag = 0 }) => {
      return { server: name, current, offline, lag };
    }),
    records: state.messages,
    bytes: state.bytes,
    maxBytes: config.max_bytes,
    // Where the records are is the choice of who made the cluster, and said by itself.
    differing: differencesOf(config, fixed).flatMap(({ key, text }) => (key === 'storage' ? [] : [text])),
    changing: Object.keys(changesTo(config, changeable)),
  };
}

/** Streams that take in something of this subject. */
export async function overlapping(client: Client, subject: string): Promise<string[] | undefined> {
  return streamNames(() => managerOf(client), subject);
}

export async function streamsNamed(client: Client, prefix: string): Promise<string[] | undefined> {
  return (await streamNames(() => managerOf(client)))?.filter((name) => name.startsWith(prefix));
}

function managerOf(client: Client): Promise<JetStreamManager> {
  return jetstreamManager(client, { checkAPI: false, timeout: answerMs });
}
