/** The streams of a cluster, with the settings that a node of this version gives them. */
import { inboxSubjects, turnSubjects } from '@jaegis/cluster';
import { limits } from '@jaegis/core';
import type { BlobsOptions, InboxOptions, JournalOptions } from '@jaegis/nats';
import type { CheckedOptions } from './node-options.ts';

export type StreamOptions = Pick<CheckedOptions, 'cluster' | 'storage'> &
  Partial<Pick<CheckedOptions, 'replicas' | 'history' | 'maxTurnBytes' | 'maxInboxBytes'>>;

export interface StreamPlans {
  readonly health: JournalOptions;
  readonly turns: JournalOptions;
  readonly inbox: InboxOptions;
  /** Messages between nodes that are too large for one. */
  readonly large: BlobsOptions;
  /** Sends that are. */
  readonly bodies: BlobsOptions;
}

export function streamPlans(options: StreamOptions & { readonly replicas: 1 | 3 }): StreamPlans {
  const { cluster, replicas, storage, history, maxTurnBytes, maxInboxBytes } = options;
  const common = { replicas, storage };
  return {
    health: {
      ...common,
      name: `JAEGIS_${cluster}_HEALTH`,
      subjects: [`jaegis.${cluster}.health`],
      historyPerSubject: limits.healthHistory,
    },
    turns: {
      ...common,
      name: `JAEGIS_${cluster}_TURNS`,
      subjects: [turnSubjects(cluster)],
      ...(history === undefined ? {} : { historyPerSubject: history }),
      ...(maxTurnBytes === undefined ? {} : { maxBytes: maxTurnBytes }),
    },
    inbox: {
      ...common,
      name: `JAEGIS_${cluster}_INBOX`,
      subjects: inboxSubjects(cluster),
      ...(maxInboxBytes === undefined ? {} : { maxBytes: maxInboxBytes }),
    },
    large: { ...common, name: `JAEGIS_${cluster}_LARGE`, keepMs: limits.largeKeptMs },
    bodies: { ...common, name: `JAEGIS_${cluster}_BODIES` },
  };
}

/** The clusters that these streams belong to. */
export function clustersIn(streams: readonly string[]): string[] {
  return [...new Set(streams.flatMap((name) => /^JAEGIS_(.+)_TURNS$/.exec(name)?.[1] ?? []))];
}
