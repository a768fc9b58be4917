import { type EntityRef, type Message, type Protocol, plain, type Ref, type System } from '@jaegis/actors';
import {
  type EntityId,
  formatEntityId,
  InvalidMessageError,
  limits,
  type Member,
  memberOf,
  type NodeId,
  parseEntityId,
  type Random,
  type View,
} from '@jaegis/core';
import type { Gather } from './gather.ts';
import { knownNode } from './known-node.ts';
import { countIn, type Fields, messageIn, textIfAny, textIn } from './request.ts';

export interface OperationsOptions {
  readonly system: System;
  readonly random: Random;
  readonly view: () => View;
  readonly self: () => Member;
  readonly gather: Gather;
  readonly entity: (entity: EntityId) => EntityRef<Protocol>;
  readonly actor: (address: string) => Ref<Protocol>;
  /** A message as the schema of its receiver makes it, where this node is the one that hands it over; elsewhere as it is. */
  readonly checked: (to: Target, message: Message) => Message | Promise<Message>;
  /** @throws NoSuchActorError for a type that this node does not host. */
  readonly assertKnown: (entity: EntityId) => void;
  /** This node is to drain and leave. */
  readonly leave: () => void;
}

export type Target = { readonly entity: EntityId } | { readonly address: string };

/** How long an ask for an operator may take at most, in ms. */
const MOST_MS = 10 * 60_000;

/** What an operator may do with a running cluster: ask, tell, send, drain a node, see to dead letters. */
export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  async ask(fields: Fields): Promise<{ readonly to: string; readonly reply: unknown }> {
    const [to, timeoutMs, key] = [this.#target(fields), timeoutIn(fields), textIfAny(fields, 'idempotencyKey')];
    const message = await this.#options.checked(to, messageIn(fields));
    const reply = await this.#ref(to).ask(message as never, {
      timeoutMs,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    });
    return { to: nameOf(to), reply: plain(reply) ?? null };
  }

  async tell(fields: Fields): Promise<{ readonly told: string }> {
    const to = this.#target(fields);
    const message = await this.#options.checked(to, messageIn(fields));
    this.#ref(to).tell(message as never);
    return { told: nameOf(to) };
  }

  async send(fields: Fields): Promise<{ readonly sent: string; readonly id: string }> {
    const to = this.#target(fields);
    if (!('entity' in to)) {
      throw new InvalidMessageError('Only durable entities have an inbox; tell or ask an actor.', {
        data: { path: '.to' },
      });
    }
    this.#options.assertKnown(to.entity);
    const id = textIfAny(fields, 'id') ?? this.#options.random.id();
    await this.#options.entity(to.entity).send(messageIn(fields) as never, { id, timeoutMs: timeoutIn(fields) });
    return { sent: nameOf(to), id };
  }

  /** The node answers before it begins. */
  async drain(fields: Fields): Promise<{ readonly draining: string; readonly incarnation: string }> {
    const member = this.#member(fields);
    if (member.id !== this.#options.self().id) {
      return this.#options.gather.one(member, { word: 'operate', what: 'drain', body: { node: member.id } });
    }
    this.#options.leave();
    return { draining: member.id, incarnation: member.incarnation };
  }

  async resend(fields: Fields): Promise<{ readonly resent: string }> {
    const [member, id] = [this.#member(fields), textIn(fields, 'id', '12')];
    if (member.id !== this.#options.self().id) return this.#forward(member, 'resend', fields);
    this.#options.system.deadLetters.resend(id);
    return { resent: id };
  }

  async discard(fields: Fields): Promise<{ readonly discarded: string; readonly wasThere: boolean }> {
    const [member, id] = [this.#member(fields), textIn(fields, 'id', '12')];
    if (member.id !== this.#options.self().id) return this.#forward(member, 'discard', fields);
    return { discarded: id, wasThere: this.#options.system.deadLetters.discard(id) };
  }

  #forward<T>(member: Member, what: string, body: Fields): Promise<T> {
    return this.#options.gather.one<T>(member, { word: 'operate', what, body });
  }

  #member(fields: Fields): Member {
    return knownNode(textIn(fields, 'node', 'n1'), this.#options.view());
  }

  #target(fields: Fields): Target {
    const to = targetOf(textIn(fields, 'to', 'type/key or node/user/name'), this.#options.view());
    if ('entity' in to && to.entity.key.startsWith('user/')) this.#assertNoActor(to.entity);
    return to;
  }

  /** What looks like an actor of a node that is not there is taken for an entity only where there are such. */
  #assertNoActor(entity: EntityId): void {
    try {
      this.#options.assertKnown(entity);
    } catch {
      knownNode(entity.type, this.#options.view());
    }
  }

  #ref(to: Target): EntityRef<Protocol> | Ref<Protocol> {
    return 'entity' in to ? this.#options.entity(to.entity) : this.#options.actor(to.address);
  }
}

/** An address of an actor begins with a node and `user`; all else that has a `/` is an entity. */
export function targetOf(to: string, view: View): Target {
  const [node = '', root] = to.split('/');
  if (root === 'user' && to.length > `${node}/user/`.length && memberOf(view, node as NodeId)) return { address: to }; // only looked up
  try {
    return { entity: parseEntityId(to) };
  } catch (cause) {
    throw new InvalidMessageError(
      `${JSON.stringify(to)} is no address: expected "type/key" of an entity or "node/user/name" of an actor.`,
      { cause, data: { path: '.to' } },
    );
  }
}

function nameOf(to: Target): string {
  return 'entity' in to ? formatEntityId(to.entity) : to.address;
}

function timeoutIn(fields: Fields): number {
  return countIn(fields, 'timeoutMs', { most: MOST_MS, otherwise: limits.askTimeoutMs });
}
