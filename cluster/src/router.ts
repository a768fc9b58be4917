import {
  Ask,
  type AskOptions,
  askTimeout,
  type EntityHost,
  type Message,
  type ReplyTo,
  type System,
} from '@jaegis/actors';
import {
  AskTimeoutError,
  type Clock,
  ClusterUnavailableError,
  type Codec,
  type Delivery,
  type EntityId,
  formatEntityId,
  hasCode,
  type Member,
  memberOf,
  NodeDownError,
  type NodeId,
  NotOwnerError,
  type Random,
  type Subscription,
  sleep,
  type Transport,
  type View,
} from '@jaegis/core';
import { decodeEnvelope, type Envelope, encodeAnswer, openAnswer } from './envelope.ts';
import { ownerOf } from './placement.ts';
import { RemoteAsks } from './remote-asks.ts';

export interface RouterOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly system: System;
  readonly view: () => View;
  readonly self: () => Member;
}

/** What ends an attempt to reach an entity without ending the ask: another node owns it, or will in a moment. */
const MOVED = [
  'not_owner',
  'node_down',
  'fenced',
  'actor_stopped',
  'cluster_unavailable',
  'transport_unavailable',
] as const;

const RETRY_MS = 20;

/** Takes messages to where their receivers live: on this node without the network, on another one over the transport. */
export class Router {
  readonly #options: RouterOptions;
  readonly #asks: RemoteAsks;
  #host: EntityHost | undefined;
  #inbox: Subscription | undefined;
  #stopped = false;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { transport, clock, random, cluster } = options;
    const replySubject = `jaegis.${cluster}.reply.${random.id()}`;
    this.#asks = new RemoteAsks({ transport, clock, replySubject });
  }

  /** From now on messages for this incarnation of the node are taken in. */
  open(self: Member, host: EntityHost): void {
    this.#host = host;
    this.#inbox?.unsubscribe(); // that of the incarnation before
    this.#inbox = this.#options.transport.subscribe(this.#subject(self), (delivery) => this.#onEnvelope(delivery));
  }

  onView(view: View): void {
    this.#asks.onView(view);
  }

  stop(): void {
    this.#stopped = true;
    this.#inbox?.unsubscribe();
    this.#asks.stop(new ClusterUnavailableError('This node is stopping.'));
  }

  owns(entity: EntityId): boolean {
    const self = this.#options.self();
    const owner = ownerOf(entity, this.#options.view());
    return owner !== undefined && owner.id === self.id && owner.incarnation === self.incarnation;
  }

  /** Asks an entity wherever it lives, again after a move, until it answers or the time is up. */
  async askEntity(entity: EntityId, message: Message, options: AskOptions): Promise<unknown> {
    const { clock, random } = this.#options;
    const timeoutMs = askTimeout(options);
    const id = options.idempotencyKey ?? random.id();
    const ends = clock.monotonic() + timeoutMs;
    let last: unknown;
    for (let left = timeoutMs; left > 0; left = ends - clock.monotonic()) {
      try {
        return await this.#attempt(entity, { to: { entity }, message, id }, left);
      } catch (error) {
        if (this.#stopped || !MOVED.some((code) => hasCode(error, code))) throw error;
        last = error;
        await sleep(clock, RETRY_MS);
      }
    }
    throw timedOut(formatEntityId(entity), message, timeoutMs, last);
  }

  tellEntity(entity: EntityId, message: Message): void {
    const owner = ownerOf(entity, this.#options.view());
    if (!owner) throw noMembers();
    if (this.#host && this.owns(entity)) this.#host.deliver(entity, message);
    else this.#publish(owner, { to: { entity }, message });
  }

  async askActor(node: string, path: string, message: Message, options: AskOptions): Promise<unknown> {
    const member = this.#member(node);
    if (!member) return this.#options.system.ask(path, message, options);
    const timeoutMs = askTimeout(options);
    return this.#request(member, { to: { path }, message, ...idOf(options) }, timeoutMs);
  }

  tellActor(node: string, path: string, message: Message): void {
    const member = this.#member(node);
    if (member) this.#publish(member, { to: { path }, message });
    else this.#options.system.tell(path, message);
  }

  async #attempt(entity: EntityId, envelope: Envelope, leftMs: number): Promise<unknown> {
    const owner = ownerOf(entity, this.#options.view());
    if (!owner) throw noMembers();
    if (this.#host && this.owns(entity)) return this.#local(this.#host, entity, envelope, leftMs);
    return this.#request(owner, envelope, leftMs);
  }

  #local(host: EntityHost, entity: EntityId, { message, id }: Envelope, leftMs: number): Promise<unknown> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(leftMs, () => reject(timedOut(formatEntityId(entity), message, leftMs, undefined)));
      const settle = (outcome: () => void) => {
        clock.clearTimer(timer);
        outcome();
      };
      const replyTo: ReplyTo = {
        resolve: (reply) => settle(() => resolve(reply)),
        reject: (error) => settle(() => reject(error)),
      };
      try {
        host.deliver(entity, message, new Ask(message, replyTo, id));
      } catch (error) {
        replyTo.reject(error);
      }
    });
  }

  async #request(member: Member, envelope: Envelope, timeoutMs: number): Promise<unknown> {
    const { codec } = this.#options;
    const data = codec.encode(envelope);
    const target = 'path' in envelope.to ? `${member.id}${envelope.to.path}` : formatEntityId(envelope.to.entity);
    const reply = await this.#asks.request(member, this.#subject(member), data, timeoutMs, () =>
      timedOut(target, envelope.message, timeoutMs, undefined),
    );
    return openAnswer(codec, reply);
  }

  #publish(member: Member, envelope: Envelope): void {
    this.#options.transport.publish(this.#subject(member), this.#options.codec.encode(envelope));
  }

  #onEnvelope({ data, replyTo }: Delivery): void {
    const answer = (outcome: { value: unknown } | { error: unknown }) => {
      const { transport, codec, system } = this.#options;
      if (replyTo !== undefined) transport.publish(replyTo, encodeAnswer(codec, outcome));
      else if ('error' in outcome) system.services.logger.warn('tell not delivered', { error: outcome.error });
    };
    try {
      const envelope = decodeEnvelope(this.#options.codec, data);
      this.#deliver(envelope, { resolve: (value) => answer({ value }), reject: (error) => answer({ error }) });
    } catch (error) {
      answer({ error });
    }
  }

  #deliver({ to, message, id }: Envelope, replyTo: ReplyTo): void {
    const ask = new Ask(message, replyTo, id);
    if ('path' in to) {
      this.#options.system.receive(to.path, message, ask);
      return;
    }
    if (!this.#host || !this.owns(to.entity)) {
      throw new NotOwnerError(`${formatEntityId(to.entity)} is not on node "${this.#options.self().id}".`);
    }
    this.#host.receive(to.entity, message, ask);
  }

  /** The member of that name; undefined for this node itself. @throws NodeDownError when the view has none. */
  #member(node: string): Member | undefined {
    if (node === this.#options.self().id) return undefined;
    const member = memberOf(this.#options.view(), node as NodeId); // only looked up
    if (!member) throw new NodeDownError(`No node "${node}" is in the cluster.`, { data: { node } });
    return member;
  }

  #subject(member: Member): string {
    return `jaegis.${this.#options.cluster}.node.${member.id}.${member.incarnation}.in`;
  }
}

function idOf(options: AskOptions): { id?: string } {
  return options.idempotencyKey === undefined ? {} : { id: options.idempotencyKey };
}

function noMembers(): Error {
  return new ClusterUnavailableError('The view holds no member: no node of this cluster is up.');
}

function timedOut(target: string, message: Message, timeoutMs: number, cause: unknown): Error {
  return new AskTimeoutError(`${target} did not answer "${message.type}" in ${Math.round(timeoutMs)} ms.`, { cause });
}
