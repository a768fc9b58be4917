/**
 * Direct questions to members: "are you there?". Both answer, the heart with a beat and the main loop with an empty word; the
 * server answers where nobody listens. The first answer counts; what comes too late is still told to who watches.
 */
import {
  type Beat,
  type Clock,
  type Delivery,
  decodeBeat,
  type Logger,
  type Member,
  type Subscription,
  type Transport,
} from '@jaegis/core';

export type Answer =
  | { readonly is: 'beat'; readonly beat: Beat }
  /** Of the main loop, over the connection of the actors. */
  | { readonly is: 'word' }
  /** The server says that nobody listens there. */
  | { readonly is: 'nobody' }
  | { readonly is: 'silence' };

export interface QuestionsOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long an answer is waited for, in ms. */
  readonly answerMs: number;
  /** Hears of every answer, also of those that come late. */
  readonly onAnswer: (member: Member, answer: Answer) => void;
}

interface Question {
  readonly member: Member;
  readonly resolve: (answer: Answer) => void;
}

/** Questions that are remembered for answers that come late. */
const MOST = 1_024;

export class Questions {
  readonly #options: QuestionsOptions;
  readonly #asked = new Map<string, Question>();
  /** Not answered yet, by life. */
  readonly #underWay = new Map<string, Promise<Answer>>();
  #by: string | undefined;
  #answers: Subscription | undefined;
  #count = 0;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  /** Answers go to this life of this node. */
  open(incarnation: string): void {
    if (this.#by === incarnation) return;
    this.close();
    const { cluster, transport } = this.#options;
    this.#by = incarnation;
    this.#answers = transport.subscribe(`jaegis.${cluster}.pong.${incarnation}.*`, (delivery) => this.#take(delivery));
  }

  close(): void {
    this.#answers?.unsubscribe();
    this.#by = undefined;
  }

  /** Who is asked already is not asked twice: where half of many members fail, each asks about all of them. */
  ask(member: Member): Promise<Answer> {
    const { incarnation } = member;
    const underWay = this.#underWay.get(incarnation);
    if (underWay !== undefined) return underWay;
    const asking = this.#ask(member).finally(() => this.#underWay.delete(incarnation));
    this.#underWay.set(incarnation, asking);
    return asking;
  }

  #ask(member: Member): Promise<Answer> {
    const { clock, answerMs } = this.#options;
    const number = String(this.#count++);
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#asked.set(number, { member, resolve });
    this.#forgetOldest();
    this.#send(member, number);
    const timer = clock.setTimer(answerMs, () => resolve({ is: 'silence' }));
    return promise.finally(() => clock.clearTimer(timer));
  }

  #send({ id, incarnation }: Member, number: string): void {
    const { cluster, transport, logger } = this.#options;
    // What waits for a connection would be answered at another time than it was asked.
    if (this.#by === undefined || !transport.connected) return;
    const replyTo = `jaegis.${cluster}.pong.${this.#by}.${number}`;
    try {
      transport.publish(pingSubject(cluster, { id, incarnation }), EMPTY, { lane: 'control', replyTo });
    } catch (error) {
      logger.debug('a member was not asked whether it is there', { member: id, error });
    }
  }

  #take({ subject, data, noResponders }: Delivery): void {
    const question = this.#asked.get(subject.slice(subject.lastIndexOf('.') + 1));
    if (question === undefined) return;
    const answer = answerIn(question.member, data, noResponders);
    if (answer === undefined) return;
    question.resolve(answer);
    this.#options.onAnswer(question.member, answer);
  }

  #forgetOldest(): void {
    if (this.#asked.size <= MOST) return;
    for (const [number, { resolve }] of this.#asked) {
      resolve({ is: 'silence' });
      this.#asked.delete(number);
      return;
    }
  }
}

/** Undefined for what is no answer of this life of this member. */
function answerIn({ id, incarnation }: Member, data: Uint8Array, noResponders: boolean): Answer | undefined {
  if (noResponders) return { is: 'nobody' };
  if (data.length === 0) return { is: 'word' };
  const beat = decodeBeat(data);
  return beat?.id === id && beat.incarnation === incarnation ? { is: 'beat', beat } : undefined;
}

const EMPTY = new Uint8Array(0);

export function beatSubject(cluster: string, id: string): string {
  return `jaegis.${cluster}.beat.${id}`;
}

export function pingSubject(cluster: string, { id, incarnation }: Pick<Member, 'id' | 'incarnation'>): string {
  return `jaegis.${cluster}.node.${id}.${incarnation}.ping`;
}

/** Not below `node`: clients may publish there, and this is for the node itself. */
export function loopSubject(cluster: string, { id, incarnation }: Pick<Member, 'id' | 'incarnation'>): string {
  return `jaegis.${cluster}.loop.${id}.${incarnation}`;
}
