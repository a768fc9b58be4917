import { type Endpoint, MicroService } from '@jaegis/actors';
import {
  AskTimeoutError,
  type Clock,
  InvalidMessageError,
  type Logger,
  type Member,
  NoSuchActorError,
  type Transport,
  type TreeNode,
} from '@jaegis/core';
import { about, version } from './about.ts';
import { InspectionAsks } from './inspection-asks.ts';
import type { Membership } from './membership.ts';

export interface InspectorOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly membership: Membership;
  readonly tree: () => TreeNode;
  readonly find: (address: string) => TreeNode | undefined;
  readonly instance: string;
  /** A client does not serve. */
  readonly serve: boolean;
}

/** How long a node may take to say what runs on it, in ms. */
const GATHER_MS = 1_000;

/** Answers plain NATS requests in JSON: the cluster's tree, one actor, health. Any node answers for all. */
export class Inspector {
  readonly #options: InspectorOptions;
  readonly #service: MicroService;
  readonly #asks: InspectionAsks;

  constructor(options: InspectorOptions) {
    this.#options = options;
    const { cluster, transport, clock, logger, instance, membership } = options;
    const replySubject = `jaegis.${cluster}.reply.${membership.self.id}.${instance}`;
    this.#asks = new InspectionAsks({ transport, clock, replySubject });
    this.#service = new MicroService({
      transport,
      clock,
      logger,
      name: 'jaegis',
      id: instance,
      version,
      description: `A node of the JAEGIS cluster "${cluster}"`,
      metadata: { cluster, node: membership.self.id },
      endpoints: this.#endpoints(),
    });
  }

  start(): void {
    if (this.#options.serve) this.#service.start();
  }

  stop(): void {
    if (this.#options.serve) this.#service.stop();
    this.#asks.stop(new AskTimeoutError('This node is stopping.'));
  }

  #endpoints(): Endpoint[] {
    const { cluster, membership, clock, tree, find } = this.#options;
    const own = `${cluster}.inspect.node.${membership.self.id}`;
    return [
      { name: 'tree', subject: `jaegis.${cluster}.inspect.tree`, handle: () => this.#clusterTree() },
      { name: 'actor', subject: `jaegis.${cluster}.inspect.actor`, handle: (text) => this.#actor(text) },
      { name: 'health', subject: `jaegis.${cluster}.inspect.health`, handle: () => this.#health() },
      { name: 'node-about', subject: `jaegis.${own}.about`, handle: () => about(cluster, membership, clock) },
      { name: 'node-tree', subject: `jaegis.${own}.tree`, handle: () => tree() },
      { name: 'node-actor', subject: `jaegis.${own}.actor`, handle: (text) => find(addressIn(text)) ?? null },
    ];
  }

  async #clusterTree(): Promise<unknown> {
    const { cluster, membership } = this.#options;
    const { epoch, members } = membership.view;
    const nodes = await Promise.all(members.map((member) => this.#treeOf(member)));
    return { cluster, epoch, nodes };
  }

  async #treeOf(member: Member): Promise<unknown> {
    if (member.id === this.#options.membership.self.id) return this.#options.tree();
    try {
      return await this.#request(member, 'tree', '');
    } catch {
      return {
        id: member.id,
        kind: 'node',
        type: 'node',
        status: 'down',
        mailbox: 0,
        handled: 0,
        restarts: 0,
        children: [],
      };
    }
  }

  async #actor(text: string): Promise<unknown> {
    const address = addressIn(text);
    for (const member of this.#options.membership.view.members) {
      const own = member.id === this.#options.membership.self.id;
      const found = own ? this.#options.find(address) : await this.#request(member, 'actor', text).catch(() => null);
      if (found) return { node: member.id, ...found };
    }
    throw new NoSuchActorError(`No actor "${address}" is active in the cluster.`);
  }

  #health(): unknown {
    const { cluster, membership } = this.#options;
    return { cluster, epoch: membership.view.epoch, answeredBy: membership.self.id, members: membership.health() };
  }

  async #request(member: Member, what: 'tree' | 'actor', body: string): Promise<object | null> {
    const subject = `jaegis.${this.#options.cluster}.inspect.node.${member.id}.${what}`;
    const data = new TextEncoder().encode(body);
    const late = () => new AskTimeoutError(`Node "${member.id}" did not answer the inspector in ${GATHER_MS} ms.`);
    const answer = await this.#asks.request(member, subject, data, GATHER_MS, late);
    return JSON.parse(new TextDecoder().decode(answer)) as object | null; // written by the same endpoint elsewhere
  }
}

function addressIn(text: string): string {
  const value: unknown = text.trim() === '' ? undefined : JSON.parse(text);
  if (typeof value === 'object' && value !== null && 'address' in value && typeof value.address === 'string') {
    return value.address;
  }
  throw new InvalidMessageError('Expected {"address": "node/path"} or {"address": "type/key"}.', {
    data: { path: '.address' },
  });
}
