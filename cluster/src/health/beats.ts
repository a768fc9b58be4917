/** Signs of life over core NATS, and what the present watch makes of them. */
import {
  type Clock,
  type Codec,
  CorruptRecordError,
  defaultFaultDetector,
  isSameLife,
  type Logger,
  type Member,
  majorityOf,
  memberOf,
  type Observation,
  type Sight,
  type Subscription,
  sleep,
  type Transport,
  type View,
} from '@jaegis/core';
import { Watch } from '../watch.ts';
import { isCount, isLife, isRecord, type Life } from './entries.ts';
import type { Observer } from './ground.ts';
import { Questions } from './questions.ts';

export interface BeatsOptions {
  readonly cluster: string;
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Its first life, which its answers are addressed to. */
  readonly self: Life;
  /** Of the health log, as far as this node has read it. */
  readonly index: () => number;
  /** Another node has read further. */
  readonly onBehind: (index: number) => void;
}

const BEAT_MS = 100;
/** How long a member may take to answer when it is asked directly, in ms. */
const PING_MS = 150;
const detector = { ...defaultFaultDetector, downAfterMs: 600 };

export class Beats implements Observer {
  readonly #options: BeatsOptions;
  readonly #watch = new Watch(detector);
  readonly #stop = new AbortController();
  readonly #subscription: Subscription;
  readonly #questions: Questions;
  #pings: Subscription | undefined;
  #view: View = { epoch: 0, members: [] };
  #self: Life | undefined;

  constructor(options: BeatsOptions) {
    this.#options = options;
    const { cluster, self } = options;
    const replySubject = `jaegis.${cluster}.pong.${self.id}.${self.incarnation}`;
    this.#questions = new Questions({ ...options, replySubject });
    this.#subscription = options.transport.subscribe(`jaegis.${options.cluster}.beat`, ({ data }) => this.#on(data));
  }

  /** Beats as this life of the node from now on. Resolves when pings are answered. */
  async start(self: Life): Promise<void> {
    const { transport } = this.#options;
    const isFirst = this.#self === undefined;
    this.#self = self;
    this.#pings?.unsubscribe();
    this.#pings = transport.subscribe(this.#pingOf(self), ({ replyTo }) => {
      if (replyTo !== undefined) this.#questions.say(replyTo, {});
    });
    if (isFirst) void this.#beat();
    await transport.flush();
  }

  stop(): void {
    this.#stop.abort();
    this.#questions.stop();
    this.#pings?.unsubscribe();
    this.#subscription.unsubscribe();
  }

  follow(view: View, self: Life): void {
    this.#view = view;
    const others = view.members.filter(({ id }) => id !== self.id);
    this.#watch.follow(others, this.#options.clock.monotonic());
  }

  look(nowMs: number, ownLatenessMs: number): readonly Observation[] {
    // While we cannot hear anybody, nobody's silence says anything.
    if (!this.#options.transport.connected) {
      this.#watch.follow([], nowMs);
      return [];
    }
    const others = this.#view.members.filter(({ id }) => id !== this.#self?.id);
    this.#watch.follow(others, nowMs);
    return this.#watch.look(nowMs, ownLatenessMs).flatMap(({ member, is, silentMs, noResponders }) => {
      if (is === 'suspect') void this.observe(member);
      return is === 'down' ? [this.#seen(member, noResponders ? 'gone' : 'silent', silentMs)] : [];
    });
  }

  async observe(life: Life): Promise<Observation> {
    const { clock } = this.#options;
    const askedMs = clock.monotonic();
    const { ended } = await this.#questions.one(this.#pingOf(life), {}, PING_MS);
    const member = memberOf(this.#view, life.id);
    const known = member && isSameLife(member, life) ? member : undefined;
    if (ended === 'nobody' && known) this.#watch.noResponders(known);
    if (ended === 'done') this.#watch.sign(life.id, life.incarnation, clock.monotonic());
    const sees = ended === 'done' ? 'alive' : ended === 'nobody' ? 'gone' : 'silent';
    return this.#seen(life, sees, clock.monotonic() - askedMs);
  }

  hearsMajority(nowMs: number): boolean {
    if (!this.#options.transport.connected) return false;
    const heard = this.#watch.look(nowMs, 0).filter(({ is }) => is !== 'down').length;
    return heard + 1 >= majorityOf(this.#view.members.length);
  }

  #seen(of: Life, sees: Sight, silentMs: number): Observation {
    const by = this.#self ?? of;
    const life = (each: Life) => ({ id: each.id, incarnation: each.incarnation });
    return { of: life(of), by: life(by), sees, silentMs, phi: 0 };
  }

  #pingOf({ id, incarnation }: Life): string {
    return `jaegis.${this.#options.cluster}.node.${id}.${incarnation}.ping`;
  }

  #on(data: Uint8Array): void {
    const beat = this.#options.codec.decode(data);
    if (!isBeat(beat)) {
      throw new CorruptRecordError('Not a beat: expected { id, incarnation, index }.');
    }
    this.#watch.sign(beat.id, beat.incarnation, this.#options.clock.monotonic());
    if (beat.index > this.#options.index()) this.#options.onBehind(beat.index);
  }

  async #beat(): Promise<void> {
    const { clock, transport, cluster, index } = this.#options;
    while (!this.#stop.signal.aborted) {
      const { id, incarnation } = this.#self as Member; // started
      // What waits for the connection says, when it is back, that this node lived a while ago.
      if (transport.connected) this.#questions.say(`jaegis.${cluster}.beat`, { id, incarnation, index: index() });
      await sleep(clock, BEAT_MS, this.#stop.signal);
    }
  }
}

function isBeat(value: unknown): value is Life & { readonly index: number } {
  return isRecord(value) && isCount(value.index) && isLife(value);
}
