import {
  type Clock,
  type Codec,
  CorruptRecordError,
  defaultFaultDetector,
  emptyView,
  type FaultDetectorSettings,
  incarnation,
  type Journal,
  joining,
  type Logger,
  type Member,
  memberOf,
  type Random,
  type Subscription,
  sleep,
  type Transport,
  type View,
  viewChanging,
  viewWith,
  viewWithout,
} from '@jaegis/core';
import { nodeMachine } from '@jaegis/machines';
import { type EventFrom, initialTransition, type SnapshotFrom, transition } from 'xstate';
import { Listeners } from './listeners.ts';
import { isMember, ViewLog, viewFrom } from './view-log.ts';
import { type Verdict, Watch } from './watch.ts';

export interface MembershipOptions {
  readonly cluster: string;
  readonly self: Member;
  /** False: a client, which follows the view but neither joins nor proposes. */
  readonly member: boolean;
  readonly transport: Transport;
  readonly journal: Journal;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly detector?: FaultDetectorSettings;
}

export type MembershipEvent =
  | { readonly type: 'node_suspected'; readonly suspect: string; readonly silentMs: number }
  | { readonly type: 'node_down'; readonly down: string; readonly silentMs: number; readonly noResponders: boolean }
  | { readonly type: 'node_joined'; readonly joined: string }
  | { readonly type: 'view_changed'; readonly epoch: number; readonly members: readonly string[] }
  /** This node was taken out of the view although it lives; it joins again as a new incarnation. */
  | { readonly type: 'node_removed'; readonly removed: string };

interface Beat extends Member {
  readonly epoch: number;
}

/** Every node says that it lives, and looks at the others, this often, in ms. */
const BEAT_MS = 100;
const LOOK_MS = 50;
/** How long leaving may take before the others have to find out by themselves, in ms. */
const LEAVE_MS = 2_000;

/**
 * Who belongs to the cluster, as this node knows it. Silence makes a member suspect and asked directly; a dead process
 * is betrayed by the server at once ("no responders"), a hung one by its silence. What follows is only a proposal: the
 * view changes by compare-and-append, and a node taken out by mistake comes back.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #log: ViewLog;
  readonly #watch: Watch;
  readonly #views = new Listeners<[view: View, previous: View]>();
  readonly #events = new Listeners<[event: MembershipEvent]>();
  readonly #stop = new AbortController();
  readonly #subscriptions: Subscription[] = [];
  #pings: Subscription | undefined;
  #self: Member;
  #view: View = emptyView;
  #node: SnapshotFrom<typeof nodeMachine>;
  #proposing = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#self = options.self;
    const { journal, codec, clock, random, logger, cluster } = options;
    this.#log = new ViewLog({ subject: `jaegis.${cluster}.view`, journal, codec, clock, random, logger });
    this.#watch = new Watch(options.detector ?? defaultFaultDetector);
    [this.#node] = initialTransition(nodeMachine);
  }

  get view(): View {
    return this.#view;
  }

  get self(): Member {
    return this.#self;
  }

  onView(listener: (view: View, previous: View) => void): Subscription {
    return this.#views.add(listener);
  }

  onEvent(listener: (event: MembershipEvent) => void): Subscription {
    return this.#events.add(listener);
  }

  /** What this node makes of each member, for inspection. */
  health(): { node: string; incarnation: string; status: string }[] {
    return this.#view.members.map(({ id, incarnation }) => {
      const status = id === this.#self.id ? this.#node.value : this.#watch.status(id);
      return { node: id, incarnation, status };
    });
  }

  /** Resolves once this node is in the view; for a client, once the view is known. */
  async start(): Promise<void> {
    const { transport, cluster, member } = this.#options;
    this.#subscriptions.push(
      transport.subscribe(`jaegis.${cluster}.beat`, ({ data }) => this.#onBeat(data)),
      transport.subscribe(`jaegis.${cluster}.viewed`, ({ data }) => this.#accept(viewFrom(this.#decode(data)))),
      transport.subscribe(`jaegis.${cluster}.pong.${this.#self.incarnation}.*`, (delivery) => {
        const id = delivery.subject.slice(delivery.subject.lastIndexOf('.') + 1);
        const target = this.#view.members.find((other) => other.incarnation === id);
        if (!target) return;
        if (delivery.noResponders) this.#watch.noResponders(target);
        else this.#watch.sign(target.id, target.incarnation, this.#now());
      }),
    );
    this.#move('start');
    if (member) await this.#join();
    else this.#accept((await this.#log.read()).view);
    void this.#look();
    if (member) void this.#beat();
  }

  /** Leaves the view, so that the others need not find out; then goes silent. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const joined = this.#node.value === 'up';
    this.#move('leave');
    if (this.#options.member && joined) await this.#leave();
    this.#stop.abort();
    this.#move('left');
    this.#pings?.unsubscribe();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** From the view on that this resolves with, this node owns nothing; it stays a member until it stops. */
  async drain(): Promise<void> {
    await this.update((member) => (member.draining ? undefined : { ...member, draining: true }));
  }

  /** Changes what the view says of this node. `undefined` leaves it as it is. */
  async update(change: (member: Member) => Member | undefined): Promise<void> {
    await this.#change((view) => viewChanging(view, this.#self, change));
  }

  async #join(): Promise<void> {
    const { transport, cluster } = this.#options;
    const self = this.#self;
    const address = `jaegis.${cluster}.node.${self.id}.${self.incarnation}.ping`;
    this.#pings?.unsubscribe();
    this.#pings = transport.subscribe(address, ({ replyTo }) => {
      if (replyTo !== undefined) this.#say(replyTo, EMPTY);
    });
    await transport.flush();
    await this.#change((view) =>
      memberOf(view, self.id)?.incarnation === self.incarnation ? undefined : viewWith(view, joining(self, view)),
    );
    this.#move('joined');
    this.#emit({ type: 'node_joined', joined: self.id });
  }

  async #leave(): Promise<void> {
    const { clock, logger } = this.#options;
    const bound = new AbortController();
    const leaving = this.#change((view) =>
      memberOf(view, this.#self.id) ? viewWithout(view, [this.#self]) : undefined,
    );
    const left = leaving.catch((error: unknown) => logger.warn('left without saying so', { error }));
    await Promise.race([left, sleep(clock, LEAVE_MS, bound.signal)]);
    bound.abort();
  }

  async #change(decide: (view: View) => View | undefined): Promise<void> {
    const { codec, cluster } = this.#options;
    const view = await this.#log.change(decide, this.#stop.signal);
    if (view.epoch > this.#view.epoch) this.#say(`jaegis.${cluster}.viewed`, codec.encode(view));
    this.#accept(view);
  }

  #accept(view: View): void {
    if (view.epoch <= this.#view.epoch) return;
    const previous = this.#view;
    this.#view = view;
    const others = view.members.filter(({ id }) => id !== this.#self.id);
    this.#watch.follow(others, this.#now());
    this.#views.call(view, previous);
    if (this.#options.member && this.#node.value !== 'joining') {
      this.#emit({ type: 'view_changed', epoch: view.epoch, members: view.members.map(({ id }) => id) });
    }
    const out = memberOf(view, this.#self.id)?.incarnation !== this.#self.incarnation;
    if (out && this.#node.value === 'up' && this.#options.member) void this.#rejoin();
  }

  async #rejoin(): Promise<void> {
    this.#move('removed');
    this.#emit({ type: 'node_removed', removed: this.#self.id });
    this.#self = { ...this.#self, incarnation: incarnation(this.#options.random.id()) };
    await this.#join().catch((error: unknown) => this.#options.logger.error('could not join again', { error }));
  }

  async #beat(): Promise<void> {
    const { clock, transport, codec, cluster } = this.#options;
    while (!this.#stop.signal.aborted) {
      const beat: Beat = { ...this.#self, epoch: this.#view.epoch };
      // What waits for the connection says, when it is back, that this node lived a while ago.
      if (transport.connected) this.#say(`jaegis.${cluster}.beat`, codec.encode(beat));
      await sleep(clock, BEAT_MS, this.#stop.signal);
    }
  }

  #onBeat(data: Uint8Array): void {
    const beat = this.#decode(data);
    if (!isBeat(beat)) throw new CorruptRecordError('Not a beat: expected { id, incarnation, epoch }.');
    this.#watch.sign(beat.id, beat.incarnation, this.#now());
    if (beat.epoch > this.#view.epoch) void this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    try {
      this.#accept((await this.#log.read()).view);
    } catch (error) {
      this.#options.logger.debug('view not read', { error });
    }
  }

  async #look(): Promise<void> {
    const { clock, logger } = this.#options;
    let due = this.#now();
    while (!this.#stop.signal.aborted) {
      try {
        this.#lookOnce(Math.max(0, this.#now() - due));
      } catch (error) {
        logger.error('a look at the other members failed', { error });
      }
      due = this.#now() + LOOK_MS;
      await sleep(clock, LOOK_MS, this.#stop.signal);
    }
  }

  #lookOnce(latenessMs: number): void {
    // While we cannot hear anybody, nobody's silence says anything.
    if (!this.#options.transport.connected) {
      this.#watch.follow([], this.#now());
      return;
    }
    this.#judge(this.#watch.look(this.#now(), latenessMs));
    this.#follow();
  }

  #follow(): void {
    this.#watch.follow(
      this.#view.members.filter(({ id }) => id !== this.#self.id),
      this.#now(),
    );
  }

  #judge(verdicts: readonly Verdict[]): void {
    for (const { member, is, changed, silentMs, noResponders } of verdicts) {
      if (is === 'suspect') this.#probe(member);
      if (!changed || !this.#options.member) continue;
      if (is === 'suspect') this.#emit({ type: 'node_suspected', suspect: member.id, silentMs });
      if (is === 'down') this.#emit({ type: 'node_down', down: member.id, silentMs, noResponders });
    }
    const down = verdicts.filter(({ is }) => is === 'down').map(({ member }) => member);
    if (down.length > 0 && this.#options.member && this.#node.value === 'up') void this.#propose(down);
  }

  #probe(member: Member): void {
    const { cluster } = this.#options;
    const replyTo = `jaegis.${cluster}.pong.${this.#options.self.incarnation}.${member.incarnation}`;
    this.#say(`jaegis.${cluster}.node.${member.id}.${member.incarnation}.ping`, EMPTY, replyTo);
  }

  /** At most once: all that members say of themselves they say again, and what fails here must not end that. */
  #say(subject: string, data: Uint8Array, replyTo?: string): void {
    const { transport, logger } = this.#options;
    try {
      transport.publish(subject, data, { lane: 'control', ...(replyTo === undefined ? {} : { replyTo }) });
    } catch (error) {
      logger.debug('not said to the other members', { subject, error });
    }
  }

  async #propose(down: readonly Member[]): Promise<void> {
    if (this.#proposing) return;
    this.#proposing = true;
    // Until it is written, which an election may keep from it for seconds, a sign of life takes it back.
    const gone = (view: View) =>
      down.filter(({ id, incarnation }) => {
        return memberOf(view, id)?.incarnation === incarnation && this.#watch.status(id) === 'down';
      });
    try {
      await this.#change((view) => (gone(view).length === 0 ? undefined : viewWithout(view, gone(view))));
    } catch (error) {
      this.#options.logger.warn('view not changed', { error });
    }
    this.#proposing = false;
  }

  #move(type: EventFrom<typeof nodeMachine>['type']): void {
    [this.#node] = transition(nodeMachine, this.#node, { type });
  }

  #emit(event: MembershipEvent): void {
    this.#events.call(event);
  }

  #decode(data: Uint8Array): unknown {
    return this.#options.codec.decode(data);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}

const EMPTY = new Uint8Array(0);

function isBeat(value: unknown): value is Beat {
  return isMember(value) && 'epoch' in value && typeof value.epoch === 'number';
}
