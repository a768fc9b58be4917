import type { DoorOption, DoorPolicy, MailboxMemory } from '@jaegis/actors';
import {
  type HealthSettings,
  InvalidConfigError,
  isSubject,
  isToken,
  limits,
  type NodeId,
  type NodePolicy,
  nodeId,
  subjectRule,
  tokenRule,
} from '@jaegis/core';
import type { Auth, ServerReport, Tls } from '@jaegis/nats';
import { type LogLevel, logLevels } from '@jaegis/node';
import { z } from 'zod';
import type { App } from './app.ts';
import { checked } from './checked.ts';
import { poolPolicyOf } from './guarded-pool.ts';
import { healthSchema } from './health-options.ts';
import { checkNames, keepable } from './keep-policies.ts';
import { memorySchema } from './memory-options.ts';
import { type NetworkOptions, networkSchema } from './network-options.ts';

export interface NodeOptions {
  /** Unique in the cluster. Default: a name by chance. */
  readonly name?: string;
  /** Nodes of one cluster see each other. Default `default`. */
  readonly cluster?: string;
  /** Addresses of NATS servers, or `embedded`: one is found or fetched, started and ended with this node. Default `nats://127.0.0.1:4222`. */
  readonly nats?: string | readonly string[] | 'embedded';
  /**
   * Who this node is to the NATS servers: `{ user, password }`, `{ token }`, `{ nkey }`, `{ nkeyFile }` or
   * `{ credentialsFile }`. What each role must be permitted is in docs/security.md. Default: nobody in particular.
   */
  readonly auth?: Auth;
  /** `true`, or files: TLS to the servers. Default: if a server asks for it, or is named by `tls://`. */
  readonly tls?: Tls | true;
  /**
   * Answers from NATS arrive below this subject, which needs the permission to subscribe to it. Who may subscribe to more
   * reads what others are answered (docs/security.md). Default `_INBOX`.
   */
  readonly inboxPrefix?: string;
  readonly app?: App;
  /**
   * Policies as createPolicy makes them, each of another name, besides those of the app: the node tells when their breakers
   * change and when they refuse calls, as events of type `policy`, and a member shows their state to `jaegis policies`.
   * Default: none.
   */
  readonly policies?: readonly NodePolicy[];
  /**
   * What messages may hold in the mailboxes of this node, from their arrival until their turns are over: of all actors and
   * entities whose definitions have no `mailbox.memory` of their own. Tasks of the node's pool count against the same
   * budget. Default: they are not counted.
   */
  readonly memory?: MailboxMemory;
  /**
   * What this node may send to each other node, in bytes and messages a second, so that bulk does not keep what is more
   * urgent. A message is a packet here: what one turn of the event loop has for a node, or what is bulk alone. What the
   * cluster itself says is counted and never waits. Default: no bounds.
   */
  readonly network?: NetworkOptions;
  /**
   * The state of its policies, those of the app and those of whole types is kept in the cluster for the next node of this
   * `name`: a breaker that is open when this process ends, however it does, is open when it starts again, for what is left of
   * its wait; and what breakers have learned is known. Those of single actors are not kept. Default false.
   */
  readonly keepPolicies?: boolean;
  /** A `client` asks and observes but hosts nothing. Default `member`. */
  readonly role?: 'member' | 'client';
  /**
   * Of all entities this node takes its part by its weight, from 0 to 1,000: beside a node of weight 1, one of 2 has twice as
   * many; one of 0 hosts none, but asks, and runs actors of its own. Default 1.
   */
  readonly weight?: number;
  /** What is special about this node: types of entities and pinned actors may ask for it. Default: nothing. */
  readonly labels?: readonly string[];
  /**
   * How long a node that is told to stop may take to finish what is under way and hand over what it has, in ms; then it
   * leaves anyway. 0: it leaves at once. Default 10,000.
   */
  readonly drainMs?: number;
  /** Worker threads at most. Default: one for each processor core but one, at least 1. */
  readonly threads?: number;
  /**
   * Stands before the pool of threads: each task of its actors, and of `node.pool`, goes through it. Options, of which the
   * node makes a policy called `pool`; or one that is ready. What was moved to a thread cannot be given to another try.
   * Default: none.
   */
  readonly poolPolicy?: DoorOption;
  /**
   * Copies of every record, 1 or 3; the servers must be as many. A cluster that has fewer is given more by the node that
   * starts; none are ever given up. Default: 3 where there are three servers, else 1.
   */
  readonly replicas?: 1 | 3;
  /**
   * Where the servers keep the streams: in memory is faster, and gone when a server ends that has no other copy. A cluster
   * that was made with the other is refused as `cluster_mismatch`. Default `file`.
   */
  readonly storage?: 'file' | 'memory';
  /**
   * Records kept per entity; the newest holds its state. It holds for the whole cluster; the node that started last with
   * this option decides, and with fewer the older records go at once. Default: what the cluster has, at first 64.
   */
  readonly history?: number;
  /**
   * What the turns of all entities may take on each server, in bytes; above it work that changes anything is refused as
   * `overloaded`. It holds for the whole cluster; the node that started last with this option decides. Default: no bound
   * but the servers' own, which three servers do not stand well: one that is full gives up its streams.
   */
  readonly maxTurnBytes?: number;
  /**
   * What `send`s and timers that wait may take on each server, in bytes; above it they are refused as `overloaded`. Several
   * senders at once may exceed it by what they send in a quarter of a second. It holds for the whole cluster; the node that
   * started last with this option decides. Default: no bound but the servers' own.
   */
  readonly maxInboxBytes?: number;
  /**
   * Answers HTTP at this port (0: any that is free): `/live`, `/started` and `/ready`, with 200 or 503 and the reasons as
   * JSON. `host`: the address to listen at, default all. Default: no probes.
   */
  readonly probes?: { readonly port: number; readonly host?: string };
  /**
   * When this node calls others silent, stalled, cut off and so on, in ms ({@link HealthSettings}). All nodes of a cluster
   * should have the same. Default: what is named there.
   */
  readonly health?: Partial<HealthSettings>;
  /** Default `warn`. */
  readonly logLevel?: LogLevel;
  /** Told what `embedded` does: finding, fetching and starting the server. */
  readonly report?: ServerReport;
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const isPolicy = (value: unknown) =>
  typeof value === 'object' && value !== null && 'inspect' in value && 'onEvent' in value && 'name' in value;
const token = z.string().refine(isToken, { error: tokenRule });

const schema = z.strictObject({
  name: token.optional(),
  cluster: token.default('default'),
  nats: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).default('nats://127.0.0.1:4222'),
  auth: z.custom<Auth>(isObject, 'must be an object').optional(),
  tls: z.union([z.literal(true), z.custom<Tls>(isObject, 'must be true or an object')]).optional(),
  inboxPrefix: z.string().refine(isSubject, { error: subjectRule }).optional(),
  role: z.enum(['member', 'client']).default('member'),
  weight: z.number().min(0).max(1_000).default(1),
  labels: z.array(token).default([]),
  drainMs: z.number().min(0).max(3_600_000).default(limits.drainMs),
  threads: z.int().min(1).max(256).optional(),
  poolPolicy: z.custom<DoorOption>(isDoorOption, 'must be options, or what createPolicy returns').optional(),
  replicas: z.union([z.literal(1), z.literal(3)]).optional(),
  storage: z.enum(['file', 'memory']).default('file'),
  history: z.int().min(1).max(1_000_000).optional(),
  maxTurnBytes: z.int().min(1_000_000).optional(),
  maxInboxBytes: z.int().min(1_000_000).optional(),
  health: healthSchema.optional(),
  memory: memorySchema.optional(),
  network: networkSchema.optional(),
  policies: z.array(z.custom<NodePolicy>(isPolicy, 'must be what createPolicy returns')).default([]),
  keepPolicies: z.boolean().default(false),
  app: z.custom<App>(isObject, 'must be what defineApp returns').optional(),
  probes: z.strictObject({ port: z.int().min(0).max(65_535), host: z.string().min(1).optional() }).optional(),
  logLevel: z.enum(logLevels).default('warn'),
  report: z.custom<ServerReport>((value) => typeof value === 'function', 'must be a function').optional(),
});

export type CheckedOptions = Omit<z.infer<typeof schema>, 'poolPolicy'> & {
  readonly id: NodeId;
  readonly poolPolicy: DoorPolicy | undefined;
};

function isDoorOption(value: unknown): boolean {
  return isObject(value) && (!('run' in Object(value)) || isPolicy(value));
}

/** @throws InvalidConfigError with the path of the bad value. */
export function checkOptions(options: NodeOptions, chance: string): CheckedOptions {
  const data = checked('startNode', schema, options);
  for (const path of ['auth', 'tls'] as const) {
    if (data.nats !== 'embedded' || data[path] === undefined) continue;
    throw new InvalidConfigError(
      `startNode: ${path} is for servers of your own; an embedded one takes this node only.`,
      {
        data: { path },
      },
    );
  }
  const poolPolicy = data.poolPolicy && poolPolicyOf(data.poolPolicy);
  const policies = [...(data.app?.policies ?? []), ...data.policies, ...(poolPolicy ? [poolPolicy] : [])];
  checkNames('startNode', policies);
  if (data.keepPolicies) checkKept(data.name, policies);
  return { ...data, policies, poolPolicy, id: nodeId(data.name ?? `node-${chance}`) };
}

function checkKept(name: string | undefined, policies: readonly NodePolicy[]): void {
  keepable('startNode', policies);
  if (name !== undefined) return;
  throw new InvalidConfigError('startNode: keepPolicies needs a name: one by chance is another one after a restart.', {
    data: { path: 'name' },
  });
}
