/** What the endpoints answer, as plain data: the shapes that tools may rely on. */
import type { ActorLoad, ActorReport, ShownMessage } from '@jaegis/actors';
import type { BudgetView, ErrorData, Member, PeerTraffic, PolicyView, TreeNode } from '@jaegis/core';
import type { HealthRow } from '../health/entries.ts';
import type { Standing } from '../health/standing.ts';

/** What of the cluster was asked, and who did not answer. */
interface Gathered {
  readonly cluster: string;
  readonly epoch: number;
  /** Nodes that did not answer in time, or could not: what is of them is missing. */
  readonly missing: readonly MissingNode[];
}

export interface MissingNode {
  readonly node: string;
  readonly error: ErrorData;
}

/** The cluster's supervision tree. A node that does not answer is in it as `silent`. */
export interface TreeAnswer {
  readonly cluster: string;
  readonly epoch: number;
  readonly nodes: readonly TreeNode[];
}

/** An actor, supervisor or active entity. */
export interface ActiveActor extends ActorReport {
  readonly node: string;
}

/** A durable entity that is in nobody's memory, by its newest record. */
export interface PassiveEntity {
  /** Who owns it. */
  readonly node: string;
  readonly address: string;
  readonly id: string;
  readonly kind: 'entity';
  readonly type: string;
  readonly status: 'passive';
  readonly turn: number;
  /** Wall-clock time, ms since 1970. */
  readonly writtenMs: number;
  readonly writtenBy: string;
  readonly deadLetters: number;
  /** Where contents are asked for. */
  readonly state?: unknown;
  /** Nodes that did not answer, where there are any: it may be active on one of them. */
  readonly missing?: readonly MissingNode[];
}

export type ActorAnswer = ActiveActor | PassiveEntity;

export interface ViewAnswer {
  readonly cluster: string;
  readonly epoch: number;
  readonly answeredBy: string;
  readonly term: number;
  /** Who leads, by name; undefined before the first election. */
  readonly leader?: string;
  readonly members: readonly Member[];
}

/** What the cluster has agreed on, as far as the answering node has read the health log. */
export interface HealthAnswer extends Gathered {
  readonly answeredBy: string;
  readonly term: number;
  readonly leader?: string;
  /** Of the newest entry in the health log that it has read. */
  readonly index: number;
  readonly members: readonly MemberHealth[];
  /** Lives that are over, the newest last; the last few are kept. */
  readonly departed: readonly MemberHealth[];
  /** What each node says of itself. */
  readonly nodes: readonly NodeStanding[];
}

export interface NodeStanding {
  readonly node: string;
  /** Whether it serves what it owns, looks whether it still may, or refuses. */
  readonly standing: Standing;
  /** As {@link HealthAnswer.index}: one that lags behind has not heard of the newest changes. */
  readonly index: number;
}

/** What the cluster has agreed on for one member. */
export interface MemberHealth extends Omit<HealthRow, 'member'> {
  readonly node: string;
  readonly incarnation: string;
}

export interface PlacementAnswer extends Gathered {
  readonly shards: number;
  readonly nodes: readonly NodePlacement[];
}

export interface NodePlacement {
  readonly node: string;
  /** Shards that it owns by the view. */
  readonly shards: number;
  readonly draining: boolean;
  /** Active entities, by type. Missing: it did not answer. */
  readonly entities?: Readonly<Record<string, number>>;
}

/** Where one entity lives. */
export interface EntityPlacement {
  readonly cluster: string;
  readonly epoch: number;
  readonly entity: string;
  readonly shard: number;
  /** Undefined: no member may own it. */
  readonly owner?: string;
}

export interface LoadAnswer extends Gathered {
  readonly nodes: readonly NodeLoad[];
}

/** Of one node, over a stretch of time. */
export interface NodeLoad {
  readonly node: string;
  /** The stretch, in ms. */
  readonly overMs: number;
  readonly actors: number;
  readonly entities: number;
  /** Messages that wait in all mailboxes. */
  readonly waiting: number;
  readonly handledPerS: number;
  /** Of the event loop, by handlers, 0 to 1. */
  readonly busy: number;
  /** How late timers were. */
  readonly loopDelayMs: { readonly mean: number; readonly max: number };
  /** Of the process; missing where that cannot be read. */
  readonly heapBytes?: number;
  readonly rssBytes?: number;
  /** Processor time in the stretch, of all threads; 1 is a whole processor. */
  readonly cpu?: number;
  /** Dead messages since its start. */
  readonly deadLetters: number;
  readonly peers: readonly PeerTraffic[];
  /** Of the memory of mailboxes, where there are any. */
  readonly budgets?: readonly BudgetView[];
  readonly busiest: readonly ActorLoad[];
}

export interface PoliciesAnswer extends Gathered {
  readonly nodes: readonly NodePolicies[];
}

/** What came of an order to the policies of one name. */
export interface TuneAnswer extends Gathered {
  readonly policy: string;
  /** Where it was done, with what the policy is since. */
  readonly nodes: readonly { readonly node: string; readonly policy: PolicyView }[];
  /** Nodes that have no policy of that name. */
  readonly without: readonly string[];
  /** Nodes that did nothing, by their word; or did not answer, and may have done it. */
  readonly missing: readonly MissingNode[];
}

/** Those of one node: that it was given, and at the doors of its actors. */
export interface NodePolicies {
  readonly node: string;
  readonly policies: readonly PolicyView[];
}

export interface IncidentsAnswer extends Gathered {
  /** Oldest first. */
  readonly incidents: readonly Incident[];
}

/** Something that went wrong or changed the cluster, as one or several nodes saw it. */
export interface Incident {
  readonly type: string;
  /** Whom it is about: a node, an address, an entity. */
  readonly subject: string;
  /** The nodes that say so. */
  readonly by: readonly string[];
  /** The first and the last time, each by the clock of the node that saw it first, ms since 1970. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** How often, by the node that says most. */
  readonly count: number;
  /** What was said the last time. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface LettersAnswer extends Gathered {
  /** Messages that nobody handled, oldest first: those that the nodes remember. */
  readonly letters: readonly NodeLetter[];
  /** How many each node has had since its start. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface NodeLetter extends ShownMessage {
  readonly node: string;
  /** With the node it names the letter, for `resend` and `discard`. */
  readonly id: string;
  readonly to: string;
  readonly reason: string;
  /** ms since 1970. */
  readonly at: number;
  readonly error?: ErrorData;
  readonly state?: unknown;
}
