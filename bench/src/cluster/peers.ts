/**
 * How long others take, by the defaults that they document, until what a silent node did is done elsewhere, in ms. They
 * are written down and not measured: each would need a cluster of its own, of another kind.
 */
import type { Documented } from '../harness/session.ts';

const seconds = (figure: number, source: string): Documented => ({ figure: figure * 1_000, source });

export const silentNode: Readonly<Record<string, Documented>> = {
  Restate: seconds(
    1,
    '10 missed gossip ticks of 100 ms (gossip-failure-threshold, gossip-tick-interval; docs.restate.dev/references/server-config), until it is noticed',
  ),
  Dapr: seconds(
    5,
    'the faulty-host detection of its placement service (docs.dapr.io, concepts/dapr-services/placement)',
  ),
  'actor-ts': seconds(5, 'the defaults of its failure detector and downing'),
  Temporal: seconds(
    10,
    'stickyQueueScheduleToStartTimeout of a worker of its TypeScript SDK, 10 s (typescript.temporal.io, WorkerOptions)',
  ),
  Orleans: seconds(
    15,
    '“typical failure detection time is approximately 15 seconds” (learn.microsoft.com/dotnet/orleans/implementation/cluster-management)',
  ),
  Moleculer: seconds(30, 'heartbeatTimeout of its broker, 30 s (moleculer.services/docs/0.15/configuration)'),
  'Effect Cluster': seconds(
    35,
    'the expiry of the locks of shards, 35 s (ShardingConfig; effect.website/docs, unstable/cluster)',
  ),
  'Akka and Pekko': seconds(
    45,
    'about 5 s to detect, stable-after of 20 s and as much until shards move (split-brain resolver; doc.akka.io)',
  ),
};
