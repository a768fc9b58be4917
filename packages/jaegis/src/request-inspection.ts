import type { Message } from '@jaegis/actors';
import type {
  ActorAnswer,
  EntityPlacement,
  HealthAnswer,
  IncidentsAnswer,
  LettersAnswer,
  LoadAnswer,
  PlacementAnswer,
  PoliciesAnswer,
  TreeAnswer,
  TuneAnswer,
  ViewAnswer,
} from '@jaegis/cluster';
import { limits, type PolicyOrder } from '@jaegis/core';
import { Console, type InspectionOptions } from './console.ts';

/** A look at a cluster, and a hand in it, from outside. Any node answers for all; who does not answer is named. */
export interface Inspection extends AsyncDisposable {
  /** @param options `limit`: places at most, shared out among the nodes; default 1,000. */
  tree(options?: OfNode & Limited): Promise<TreeAnswer>;
  /** @param options `contents`: also states and messages, which takes the permission for `reveal`. Default false. */
  actor(address: string, options?: Contents): Promise<ActorAnswer>;
  health(): Promise<HealthAnswer>;
  view(): Promise<ViewAnswer>;
  placement(): Promise<PlacementAnswer>;
  placementOf(entity: string): Promise<EntityPlacement>;
  /** @param options `overMs`: the stretch that is measured, 500 by default; `busiest`: actors named of each node. */
  load(options?: OfNode & { readonly overMs?: number; readonly busiest?: number }): Promise<LoadAnswer>;
  /** What guards calls on the nodes, as far as they were given it. */
  policies(options?: OfNode): Promise<PoliciesAnswer>;
  /** @param options `limit`: 100 by default. */
  incidents(options?: OfNode & Limited & { readonly type?: string }): Promise<IncidentsAnswer>;
  /** Messages that nobody handled, as far as the nodes remember. */
  letters(options?: OfNode & Limited & Contents): Promise<LettersAnswer>;
  /** Asks an actor or an entity. Its reply as JSON has it; null where it is undefined. */
  ask(to: string, message: AnyMessage, options?: AskingOptions): Promise<unknown>;
  tell(to: string, message: AnyMessage): Promise<void>;
  /** Puts a message into the inbox of an entity. Resolves with its id when it is kept. */
  send(
    to: string,
    message: AnyMessage,
    options?: { readonly id?: string; readonly timeoutMs?: number },
  ): Promise<string>;
  /**
   * Changes the policies of a name while they work, on one node or on all: those that nodes were given, and those at the
   * doors of their actors. Each node does all of the order or nothing, and the answer says which did. Rejects where none did,
   * with the reason: `invalid_config` with the path of what is not usable, `no_such_policy`.
   */
  tune(policy: string, order: PolicyOrder, options?: OfNode): Promise<TuneAnswer>;
  /** Has a node drain and leave. Resolves when it has begun. */
  drain(node: string): Promise<{ readonly draining: string; readonly incarnation: string }>;
  /** Sends a message that nobody handled again, as a tell, and takes it off the letters of that node. */
  resend(node: string, letter: string): Promise<void>;
  /** Takes it off. False when it is not there. */
  discard(node: string, letter: string): Promise<boolean>;
}

/** What its fields are is known to its receiver, which checks them by its schema. */
export interface AnyMessage extends Message {
  readonly [field: string]: unknown;
}

export interface OfNode {
  /** Default: all nodes. */
  readonly node?: string;
}

export interface Limited {
  readonly limit?: number;
}

export interface Contents {
  readonly contents?: boolean;
}

export interface AskingOptions {
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** So that an entity does it once however often it is asked. */
  readonly idempotencyKey?: string;
}

/**
 * Asks a cluster what runs on it, over a connection of its own.
 * @throws InvalidConfigError, ConnectFailedError
 */
export async function requestInspection(options: InspectionOptions): Promise<Inspection> {
  const console = await Console.open(options);
  return { ...looks(console), ...acts(console), [Symbol.asyncDispose]: () => console[Symbol.asyncDispose]() };
}

type Looks =
  | 'tree'
  | 'actor'
  | 'health'
  | 'view'
  | 'placement'
  | 'placementOf'
  | 'load'
  | 'policies'
  | 'incidents'
  | 'letters';

function looks(console: Console): Pick<Inspection, Looks> {
  const ask = <T>(what: string, body: object = {}, takesMs = 0) => console.request<T>({ what, body, takesMs });
  return {
    tree: (body) => ask('inspect.tree', body),
    actor: (address, { contents = false } = {}) => ask(`${wordFor(contents)}.actor`, { address }),
    health: () => ask('inspect.health'),
    view: () => ask('inspect.view'),
    placement: () => ask('inspect.placement'),
    placementOf: (entity) => ask('inspect.placement', { entity }),
    load: (body = {}) => console.request({ what: 'inspect.load', body, takesMs: body.overMs ?? 500, isRead: false }),
    policies: (body) => ask('inspect.policies', body),
    incidents: (body) => ask('inspect.incidents', body),
    letters: ({ contents = false, ...body } = {}) => ask(`${wordFor(contents)}.letters`, body),
  };
}

function acts(console: Console): Omit<Inspection, Looks | typeof Symbol.asyncDispose> {
  // What may be done once is asked of a node that has just answered: one that hangs would take it and say nothing.
  const ask = async <T>(what: string, body: object, takesMs = 0): Promise<T> => {
    const { answeredBy } = await console.request<ViewAnswer>({ what: 'inspect.view' });
    return console.request<T>({ what: `operate.node.${answeredBy}.${what}`, body, takesMs, isRead: false });
  };
  return {
    ask: async (to, message, { timeoutMs = limits.askTimeoutMs, idempotencyKey } = {}) => {
      const body = { to, message, timeoutMs, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
      return (await ask<{ reply: unknown }>('ask', body, timeoutMs)).reply;
    },
    tell: async (to, message) => void (await ask('tell', { to, message })),
    send: async (to, message, { id, timeoutMs = limits.askTimeoutMs } = {}) => {
      const body = { to, message, timeoutMs, ...(id === undefined ? {} : { id }) };
      return (await ask<{ id: string }>('send', body, timeoutMs)).id;
    },
    tune: (policy, order, options = {}) => ask('tune', { ...options, ...order, policy }),
    drain: (node) => ask('drain', { node }),
    resend: async (node, id) => void (await ask('resend', { node, id })),
    discard: async (node, id) => (await ask<{ wasThere: boolean }>('discard', { node, id })).wasThere,
  };
}

function wordFor(contents: boolean): string {
  return contents ? 'reveal' : 'inspect';
}
