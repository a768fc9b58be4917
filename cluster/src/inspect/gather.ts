import { withoutStacks } from '@jaegis/actors';
import {
  AskTimeoutError,
  type Clock,
  type ErrorData,
  errorFromData,
  errorToData,
  type Member,
  type Transport,
  type View,
} from '@jaegis/core';
import type { MissingNode } from './answers.ts';
import { InspectionAsks } from './inspection-asks.ts';

/** Below which subjects it is asked: who may ask for contents, and who may act, is a matter of permissions. */
export type Word = 'inspect' | 'reveal' | 'operate';

export interface GatherOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly replySubject: string;
  readonly self: () => Member;
  readonly view: () => View;
  /** What this node itself answers. */
  readonly own: (word: Word, what: string, body: string) => unknown;
}

interface Asked {
  readonly word: Word;
  readonly what: string;
  /** Plain data. */
  readonly body?: object;
  /** How long each node may take, in ms. Default 1,000. */
  readonly timeoutMs?: number;
  /** Default: all. */
  readonly members?: readonly Member[];
}

export interface Answers<T> {
  readonly answers: readonly { readonly node: string; readonly answer: T }[];
  readonly missing: readonly MissingNode[];
}

/** How long a node may take to say what runs on it, in ms. */
const GATHER_MS = 1_000;

/** Asks nodes what they have to say, each by its own subject. One that does not answer costs the answers of no other. */
export class Gather {
  readonly #options: GatherOptions;
  readonly #asks: InspectionAsks;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  constructor(options: GatherOptions) {
    this.#options = options;
    const { transport, clock, replySubject } = options;
    this.#asks = new InspectionAsks({ transport, clock, replySubject });
  }

  /** What all of them answer, and who does not. An error that a node answers counts as no answer. */
  async all<T>(asked: Asked): Promise<Answers<T>> {
    const { members = this.#options.view().members } = asked;
    const answers: { node: string; answer: T }[] = [];
    const missing: MissingNode[] = [];
    const ask = async (member: Member) => {
      try {
        answers.push({ node: member.id, answer: await this.one<T>(member, asked) });
      } catch (error) {
        missing.push({ node: member.id, error: withoutStacks(errorToData(error)) });
      }
    };
    await Promise.all(members.map(ask));
    const inOrder = <N extends { node: string }>(list: N[]) => list.sort((a, b) => (a.node < b.node ? -1 : 1));
    return { answers: inOrder(answers), missing: inOrder(missing) };
  }

  /** @throws AskTimeoutError, NodeDownError, or what the node answered as its error. */
  async one<T>(member: Member, { word, what, body = {}, timeoutMs = GATHER_MS }: Asked): Promise<T> {
    const { cluster, self, own } = this.#options;
    const text = JSON.stringify(body);
    if (member.id === self().id) return (await own(word, what, text)) as T; // as the same endpoint elsewhere
    const subject = `jaegis.${cluster}.${word}.node.${member.id}.${what}`;
    const late = () => new AskTimeoutError(`Node "${member.id}" did not answer in ${timeoutMs} ms.`);
    const data = await this.#asks.request(member, subject, this.#encoder.encode(text), timeoutMs, late);
    const answer = JSON.parse(this.#decoder.decode(data)); // written by the same endpoint elsewhere
    if (isRefusal(answer)) throw errorFromData(answer.error);
    return answer as T;
  }

  onView(view: View): void {
    this.#asks.onView(view);
  }

  stop(): void {
    this.#asks.stop(new AskTimeoutError('This node is stopping.'));
  }
}

function isRefusal(answer: unknown): answer is { readonly error: ErrorData } {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return false;
  const { error } = answer;
  return typeof error === 'object' && error !== null && 'message' in error && 'name' in error;
}
