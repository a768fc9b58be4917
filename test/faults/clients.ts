/**
 * Clients that ask, transfer and send while things die, and record what they did and were answered: each one operation
 * at a time, repeated with its key until it is answered, but for a few that they give up.
 */
import { SeededRandom } from '@jaegis/sim';
import { errorCatalogue, JaegisError, type JaegisNode } from 'jaegis';
import type { Model, Operation } from '../support/linearizability.ts';
import { type Add, account, counter, journal } from './app.ts';

export type CounterInput = { readonly add: number } | 'read';
export type Recorded = Operation<CounterInput, number>;

/** Of a counter. */
export const total: Model<number, CounterInput, number> = {
  initial: 0,
  step: (state, input) => {
    const after = input === 'read' ? state : state + input.add;
    return { state: after, output: after };
  },
};

export interface SentEntry {
  readonly entry: string;
  readonly isAcknowledged: boolean;
}

/** What all clients did. */
export class Record {
  /** By entity. */
  readonly operations = new Map<string, Recorded[]>();
  readonly sent: SentEntry[] = [];
  /** What was refused or failed on the way, by code. */
  readonly errors = new Map<string, number>();
  acknowledged = 0;
  #events = 0;
  readonly #waiting: { readonly isOver: () => boolean; readonly resolve: () => void }[] = [];

  /** One count orders the events of all clients, which live in one process. */
  nextEvent(): number {
    return ++this.#events;
  }

  countAcknowledged(): void {
    this.acknowledged++;
    this.#look();
  }

  add(entity: string, operation: Recorded): void {
    this.of(entity).push(operation);
    this.#look();
  }

  /** Resolves when so many more operations have been acknowledged. */
  progress(count: number): Promise<void> {
    const until = this.acknowledged + count;
    return new Promise((resolve) => void this.#waiting.push({ isOver: () => this.acknowledged >= until, resolve }));
  }

  /** Resolves when so many more operations on one entity are over. */
  progressOf(entity: string, count: number): Promise<void> {
    const operations = this.of(entity);
    const until = operations.length + count;
    return new Promise((resolve) => void this.#waiting.push({ isOver: () => operations.length >= until, resolve }));
  }

  #look(): void {
    for (const waiting of this.#waiting) if (waiting.isOver()) waiting.resolve();
  }

  of(entity: string): Recorded[] {
    const known = this.operations.get(entity);
    if (known !== undefined) return known;
    const operations: Recorded[] = [];
    this.operations.set(entity, operations);
    return operations;
  }
}

export const counters = ['red', 'green'] as const;
export const accounts = ['mine', 'yours'] as const;
const GIVEN_UP_SHARE = 0.03;
const ATTEMPT_MS = 3_000;

/** What a client may be told while things die. Anything else is a bug. */
const expected = (Object.keys(errorCatalogue) as (keyof typeof errorCatalogue)[]).filter(
  (code) => errorCatalogue[code].retry !== 'never' && code !== 'actor_crashed' && code !== 'actor_killed',
);

/** Works until told to stop. Rejects with an error that nothing explains. */
export async function runClient(
  node: JaegisNode,
  name: string,
  seed: number,
  record: Record,
  isOver: () => boolean,
): Promise<void> {
  const client = new Client(node, name, record, new SeededRandom(seed));
  while (!isOver()) await client.next();
}

/** One that does one operation after the other. */
export class Client {
  readonly #node: JaegisNode;
  readonly #name: string;
  readonly #random: SeededRandom;
  readonly #record: Record;
  readonly #givenUpShare: number;
  #made = 0;

  /** @param random Undefined: it never gives up. */
  constructor(node: JaegisNode, name: string, record: Record, random?: SeededRandom) {
    this.#node = node;
    this.#name = name;
    this.#record = record;
    this.#random = random ?? new SeededRandom(name);
    this.#givenUpShare = random === undefined ? 0 : GIVEN_UP_SHARE;
  }

  next(): Promise<void> {
    const chance = this.#random.next();
    if (chance < 0.4) return this.add(this.#one(counters), { by: this.#amount() });
    if (chance < 0.55) return this.read(this.#one(counters));
    if (chance < 0.85) return this.#transfer();
    return this.#send();
  }

  add(key: string, add: Add): Promise<void> {
    const ref = this.#node.entity(counter, key);
    return this.#operation(`counter/${key}`, { add: add.by }, (options) => ref.ask({ type: 'add', ...add }, options));
  }

  read(key: string): Promise<void> {
    const ref = this.#node.entity(counter, key);
    return this.#operation(`counter/${key}`, 'read', (options) => ref.ask({ type: 'read' }, options));
  }

  /** An account answers what it has paid out so far, which is a counter too. */
  #transfer(): Promise<void> {
    const from = this.#one(accounts);
    const to = from === 'mine' ? 'yours' : 'mine';
    const amount = this.#amount();
    const ref = this.#node.entity(account, from);
    return this.#operation(`account/${from}`, { add: amount }, (options) =>
      ref.ask({ type: 'transfer', to, amount }, options),
    );
  }

  async #send(): Promise<void> {
    const entry = `${this.#name}-${++this.#made}`;
    const ref = this.#node.entity(journal, 'all');
    const answer = await this.#repeat(() =>
      ref.send({ type: 'write', entry }, { id: entry, timeoutMs: ATTEMPT_MS }).then(() => true),
    );
    this.#record.sent.push({ entry, isAcknowledged: answer !== undefined });
  }

  async #operation(
    entity: string,
    input: CounterInput,
    ask: (options: { readonly idempotencyKey: string; readonly timeoutMs: number }) => Promise<number>,
  ): Promise<void> {
    const options = { idempotencyKey: `${this.#name}-${++this.#made}`, timeoutMs: ATTEMPT_MS };
    const calledAt = this.#record.nextEvent();
    const output = await this.#repeat(() => ask(options));
    const answer = output === undefined ? undefined : { output, at: this.#record.nextEvent() };
    this.#record.add(entity, { input, calledAt, answer });
  }

  /** Undefined: given up after an attempt of unknown outcome. */
  async #repeat<Answer>(attempt: () => Promise<Answer>): Promise<Answer | undefined> {
    const isGivenUp = this.#random.next() < this.#givenUpShare;
    for (;;) {
      try {
        const answer = await attempt();
        this.#record.countAcknowledged();
        return answer;
      } catch (error) {
        if (!(error instanceof JaegisError) || !expected.includes(error.code)) throw error;
        this.#record.errors.set(error.code, (this.#record.errors.get(error.code) ?? 0) + 1);
        // What was refused has surely no effect; to leave it open would only cost the checker its time.
        if (isGivenUp && error.code !== 'overloaded') return undefined;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  #one<Item>(list: readonly [Item, Item]): Item {
    return list[this.#random.next() < 0.5 ? 0 : 1];
  }

  #amount(): number {
    return 1 + Math.floor(this.#random.next() * 100);
  }
}
