/**
 * Looks at NATS as a node would meet it, from outside and without changing anything. Whatever is broken is a fact like
 * others: nothing but a setting that cannot be used throws.
 */
import type { NatsConnection as Client } from '@nats-io/transport-node';
import { type ConnectOptions, checkServers } from '../connection/connect-options.ts';
import { type BlobsOptions, bucketPlan } from '../jetstream/blobs.ts';
import { type InboxOptions, inboxPlan } from '../jetstream/open-inbox.ts';
import { type JournalOptions, journalPlan } from '../jetstream/open-journal.ts';
import type { NatsFacts, Trial } from './facts.ts';
import { askMonitor } from './monitor.ts';
import { describeServer, dialOne } from './server-facts.ts';
import { accountOf, overlapping, streamFacts, streamsNamed } from './stream-facts.ts';
import { tryOut } from './trials.ts';

export interface ExamineOptions extends ConnectOptions {
  /** The streams as a node would open them. */
  readonly journals: readonly JournalOptions[];
  readonly inboxes: readonly InboxOptions[];
  readonly buckets: readonly BlobsOptions[];
  /** What no other stream should take in. */
  readonly subjects: readonly string[];
  /** How the names of such streams begin. */
  readonly prefix: string;
  readonly trials: readonly Trial[];
  /** Addresses of servers' monitoring, `http://host:8222`. */
  readonly monitors: readonly string[];
}

/** @throws InvalidConfigError for an address or a file that cannot be used. */
export async function examineNats(options: ExamineOptions): Promise<NatsFacts> {
  checkServers(options.servers);
  const { clock } = options;
  await using open = new AsyncDisposableStack();
  const dialled = await Promise.all(options.servers.map((url) => dialOne(options, url)));
  for (const { client } of dialled) if (client) open.defer(() => client.close());
  const servers = await Promise.all(dialled.map((each) => describeServer(each, clock)));
  const monitors = await Promise.all(options.monitors.map((url) => askMonitor(url, clock)));
  // One that has JetStream, if any: what it cannot answer, none can.
  const best = servers.findIndex((server) => server.answers && server.jetStream);
  const client = (dialled[best] ?? dialled.find((each) => each.client))?.client;
  const unseen = { account: undefined, streams: [], overlapping: undefined, alike: undefined, refused: undefined };
  return { servers, monitors, ...unseen, ...(client ? await throughOne(client, options) : {}) };
}

async function throughOne(client: Client, options: ExamineOptions): Promise<Omit<NatsFacts, 'servers' | 'monitors'>> {
  const { journals, inboxes, buckets, clock, subjects, prefix } = options;
  const plans = [...journals.map(journalPlan), ...inboxes.map(inboxPlan), ...buckets.map(bucketPlan)];
  const [refused, account, alike, streams, taking] = await Promise.all([
    tryOut(client, options.trials),
    accountOf(client),
    streamsNamed(client, prefix),
    Promise.all(plans.map((plan) => streamFacts(client, plan, clock))),
    Promise.all(subjects.map((subject) => overlapping(client, subject))),
  ]);
  const isSeen = taking.every((names) => names !== undefined);
  return { refused, account, alike, streams, overlapping: isSeen ? [...new Set(taking.flat())] : undefined };
}
