import {
  type Endpoint,
  type EntityHost,
  type EntityRef,
  MicroService,
  type Protocol,
  type Ref,
  type System,
} from '@jaegis/actors';
import {
  type Clock,
  type Codec,
  type EntityId,
  InvalidMessageError,
  type Journal,
  type Logger,
  type PeerTraffic,
  type Random,
  type Transport,
  type TreeNode,
  type View,
  type Vitals,
} from '@jaegis/core';
import { VERSION } from '../health/protocol.ts';
import type { Membership } from '../membership.ts';
import type { Labels } from '../placement.ts';
import { about } from './about.ts';
import { ClusterAnswers } from './cluster-answers.ts';
import { Gather, type Word } from './gather.ts';
import { IncidentLog } from './incidents.ts';
import { Operations } from './operations.ts';
import { Orders, orderIn } from './orders.ts';
import { OwnAnswers } from './own-answers.ts';
import type { Policies } from './policies.ts';
import { type Fields, fieldsOf, textIn } from './request.ts';

export interface InspectorOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly turnJournal: Journal;
  readonly codec: Codec;
  readonly vitals: Vitals | undefined;
  readonly membership: Membership;
  readonly system: System;
  readonly host: EntityHost;
  /** @param most Entities that are listed. */
  readonly tree: (most: number) => TreeNode;
  readonly traffic: () => PeerTraffic[];
  readonly policies: Pick<Policies, 'views' | 'obey'>;
  readonly owns: (entity: EntityId) => boolean;
  /** Which labels a type needs. */
  readonly labelsOf: (type: string) => Labels;
  readonly entity: (entity: EntityId) => EntityRef<Protocol>;
  readonly actor: (address: string) => Ref<Protocol>;
  /** The node is to drain and leave. */
  readonly leave: () => void;
  /** A client does not serve. */
  readonly serve: boolean;
}

type Answer = (fields: Fields) => unknown;

/**
 * Answers plain NATS requests in JSON, of the whole cluster whichever node is asked. Below `inspect` are names, counters
 * and what happened; below `reveal` also states and messages; below `operate` is what changes something. So permissions
 * can tell apart who may do what.
 */
export class Inspector {
  readonly incidents: IncidentLog;
  readonly #options: InspectorOptions;
  readonly #service: MicroService;
  readonly #gather: Gather;
  readonly #orders: Orders;
  /** What any node answers of the cluster, and what each answers of itself. */
  readonly #ofCluster: Readonly<Record<Word, Readonly<Record<string, Answer>>>>;
  readonly #ofNode: Readonly<Record<Word, Readonly<Record<string, Answer>>>>;

  constructor(options: InspectorOptions) {
    this.#options = options;
    const { cluster, transport, clock, logger, membership, random } = options;
    const node = membership.self.id;
    const instance = random.id();
    this.incidents = new IncidentLog(node, () => clock.now());
    this.#gather = new Gather({
      cluster,
      transport,
      clock,
      replySubject: `jaegis.${cluster}.reply.${node}.${instance}`,
      self: () => membership.self,
      view: () => membership.view,
      own: (word, what, body) => this.#own(word, what, body),
    });
    this.#orders = new Orders({ cluster, view: () => membership.view, gather: this.#gather });
    const operations = this.#makeOperations();
    this.#ofCluster = this.#answersOfCluster(operations);
    this.#ofNode = this.#answersOfNode(operations);
    this.#service = new MicroService({
      transport,
      clock,
      logger,
      name: 'jaegis',
      id: instance,
      version: VERSION,
      description: `A node of the JAEGIS cluster "${cluster}"`,
      metadata: { cluster, node },
      endpoints: this.#endpoints(node),
    });
  }

  start(): void {
    if (this.#options.serve) this.#service.start();
  }

  onView(view: View): void {
    this.#gather.onView(view);
  }

  stop(): void {
    if (this.#options.serve) this.#service.stop();
    this.#gather.stop();
  }

  #answersOfCluster(operations: Operations): Readonly<Record<Word, Readonly<Record<string, Answer>>>> {
    const { cluster, membership, labelsOf, turnJournal, codec } = this.#options;
    const answers = new ClusterAnswers({ cluster, membership, labelsOf, turnJournal, codec, gather: this.#gather });
    return {
      inspect: {
        tree: (fields) => answers.tree(fields),
        actor: (fields) => answers.actor(fields, 'types'),
        health: () => answers.health(),
        view: () => answers.view(),
        placement: (fields) => answers.placement(fields),
        load: (fields) => answers.load(fields),
        policies: (fields) => answers.policies(fields),
        incidents: (fields) => answers.incidents(fields),
        deadlocks: (fields) => answers.incidents({ ...fields, type: 'deadlock_resolved' }),
        letters: (fields) => answers.letters(fields, 'types'),
      },
      reveal: {
        actor: (fields) => answers.actor(fields, 'contents'),
        letters: (fields) => answers.letters(fields, 'contents'),
      },
      operate: {
        ...acts(operations),
        drain: (fields) => operations.drain(fields),
        resend: (fields) => operations.resend(fields),
        discard: (fields) => operations.discard(fields),
        tune: (fields) => this.#orders.tune(fields),
      },
    };
  }

  #answersOfNode(operations: Operations): Readonly<Record<Word, Readonly<Record<string, Answer>>>> {
    const { cluster, membership, clock, system, host, tree, traffic, policies, vitals } = this.#options;
    const { incidents } = this;
    const own = new OwnAnswers({ node: membership.self.id, clock, system, host, tree, traffic, vitals, incidents });
    return {
      inspect: {
        tree: (fields) => own.tree(fields),
        actor: (fields) => own.actor(fields, 'types'),
        about: () => about(cluster, membership, clock),
        entities: () => own.entities(),
        standing: () => ({ standing: membership.standing, index: membership.table.index }),
        load: (fields) => own.load(fields),
        policies: () => policies.views(),
        incidents: (fields) => own.incidents(fields),
        letters: (fields) => own.letters(fields, 'types'),
      },
      reveal: {
        actor: (fields) => own.actor(fields, 'contents'),
        letters: (fields) => own.letters(fields, 'contents'),
      },
      operate: {
        ...acts(operations),
        drain: (fields) => operations.drain(fields),
        resend: (fields) => operations.resend(fields),
        discard: (fields) => operations.discard(fields),
        tune: (fields) => this.#orders.tune(fields),
        obey: (fields) => policies.obey(textIn(fields, 'policy', 'payments'), orderIn(fields)),
      },
    };
  }

  #makeOperations(): Operations {
    const { membership, system, host, random, entity, actor, owns, leave } = this.#options;
    return new Operations({
      system,
      random,
      view: () => membership.view,
      self: () => membership.self,
      gather: this.#gather,
      entity,
      actor,
      assertKnown: ({ type }) => host.assertKnown(type),
      checked: (to, message) => {
        if ('entity' in to) return owns(to.entity) ? host.checked(to.entity.type, message) : message;
        return system.checked(to.address, message);
      },
      leave,
    });
  }

  #endpoints(node: string): Endpoint[] {
    const { cluster } = this.#options;
    const of = Object.entries(this.#ofCluster).flatMap(([word, answers]) =>
      Object.entries(answers).map(([what, answer]) => ({
        name: word === 'inspect' ? what : `${word}-${what}`,
        subject: `jaegis.${cluster}.${word}.${what}`,
        handle: (text: string) => answer(fieldsOf(text)),
      })),
    );
    const own = (['inspect', 'reveal', 'operate'] as const).map((word) => ({
      name: `node-${word}`,
      subject: `jaegis.${cluster}.${word}.node.${node}.*`,
      handle: (text: string, subject: string) => this.#own(word, subject.slice(subject.lastIndexOf('.') + 1), text),
    }));
    return [...of, ...own];
  }

  #own(word: Word, what: string, text: string): unknown {
    const answers = this.#ofNode[word];
    const answer = Object.hasOwn(answers, what) ? answers[what] : undefined;
    if (answer) return answer(fieldsOf(text));
    const known = Object.keys(answers).join(', ');
    throw new InvalidMessageError(`A node does not answer "${what}"; it answers ${known}.`, { data: { path: '' } });
  }
}

function acts(operations: Operations): Readonly<Record<'ask' | 'tell' | 'send', Answer>> {
  return {
    ask: (fields) => operations.ask(fields),
    tell: (fields) => operations.tell(fields),
    send: (fields) => operations.send(fields),
  };
}
