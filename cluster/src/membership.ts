import {
  type Clock,
  type Codec,
  condemns,
  defaultHealth,
  emptyView,
  type HealthSettings,
  type Heart,
  incarnation,
  isSameLife,
  type Journal,
  joining,
  type Load,
  type Logger,
  type Member,
  memberOf,
  type Observation,
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
import { ViewLog, viewFrom } from './view-log.ts';
import { Pulse } from './watch/pulse.ts';
import { type NodeStalled, StallNews } from './watch/stall-news.ts';
import { Watch } from './watch/watch.ts';

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
  readonly heart: Heart;
  /** How this node is. */
  readonly load: () => Load;
  readonly health?: Partial<HealthSettings>;
}

export type MembershipEvent =
  | { readonly type: 'node_suspected'; readonly suspect: string; readonly silentMs: number }
  | { readonly type: 'node_down'; readonly down: string; readonly silentMs: number; readonly noResponders: boolean }
  | { readonly type: 'node_joined'; readonly joined: string }
  | NodeStalled
  | { readonly type: 'view_changed'; readonly epoch: number; readonly members: readonly string[] }
  /** This node was taken out of the view although it lives; it joins again as a new incarnation. */
  | { readonly type: 'node_removed'; readonly removed: string };

/** How often a node looks at the others, in ms. */
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
  readonly #pulse: Pulse;
  readonly #stalls = new StallNews();
  #suspected: readonly Observation[] = [];
  /** Who is to be taken out of the view, as of the last look. */
  #condemned: readonly Observation[] = [];
  readonly #views = new Listeners<[view: View, previous: View]>();
  readonly #events = new Listeners<[event: MembershipEvent]>();
  readonly #stop = new AbortController();
  readonly #subscriptions: Subscription[] = [];
  #self: Member;
  #view: View = emptyView;
  #node: SnapshotFrom<typeof nodeMachine>;
  #proposing = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#self = options.self;
    const { journal, codec, clock, random, logger, cluster } = options;
    this.#log = new ViewLog({ subject: `jaegis.${cluster}.view`, journal, codec, clock, random, logger });
    const onBeat = ({ epoch }: { readonly epoch: number }) => {
      if (epoch > this.#view.epoch) void this.#catchUp();
    };
    this.#watch = new Watch({ ...options, onBeat });
    this.#pulse = new Pulse({ ...options, everyMs: options.health?.beatMs ?? defaultHealth.beatMs });
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
    return this.#view.members.map((member) => {
      const { id, incarnation } = member;
      const status = id === this.#self.id ? this.#node.value : (this.#watch.sightOf(member) ?? 'not watched');
      return { node: id, incarnation, status };
    });
  }

  /** Resolves once this node is in the view; for a client, once the view is known. */
  async start(): Promise<void> {
    const { transport, cluster, member } = this.#options;
    this.#subscriptions.push(
      transport.subscribe(`jaegis.${cluster}.viewed`, ({ data }) => this.#accept(viewFrom(this.#decode(data)))),
    );
    this.#move('start');
    if (member) await this.#join();
    else this.#accept((await this.#log.read()).view);
    void this.#look();
  }

  /** Leaves the view, so that the others need not find out; then goes silent. */
  async stop(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const joined = this.#node.value === 'up';
    this.#move('leave');
    if (this.#options.member && joined) await this.#leave();
    this.#stop.abort();
    this.#move('left');
    await this.#pulse.stop();
    this.#watch.close();
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
    const self = this.#self;
    await this.#pulse.start(self);
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
    this.#watch.follow(view, this.#self);
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
    const seen = this.#watch.look(this.#now(), latenessMs);
    const health = { ...defaultHealth, ...this.#options.health };
    const condemned = seen.filter((observation) => condemns(observation, health));
    const [before, suspected] = [this.#condemned, this.#suspected];
    this.#condemned = condemned;
    this.#suspected = seen.filter(({ sees }) => sees !== 'alive');
    if (!this.#options.member) return;
    for (const { of, silentMs } of unlike(this.#suspected, suspected)) {
      this.#emit({ type: 'node_suspected', suspect: of.id, silentMs });
    }
    for (const { of, sees, silentMs } of unlike(condemned, before)) {
      this.#emit({ type: 'node_down', down: of.id, silentMs, noResponders: sees === 'gone' });
    }
    for (const event of this.#stalls.take(seen, this.#view, this.#self, (member) => this.#watch.sightOf(member))) {
      this.#emit(event);
    }
    if (condemned.length > 0 && this.#node.value === 'up') void this.#propose();
  }

  /** At most once: all that members say of themselves they say again, and what fails here must not end that. */
  #say(subject: string, data: Uint8Array): void {
    const { transport, logger } = this.#options;
    try {
      transport.publish(subject, data, { lane: 'control' });
    } catch (error) {
      logger.debug('not said to the other members', { subject, error });
    }
  }

  async #propose(): Promise<void> {
    if (this.#proposing) return;
    this.#proposing = true;
    // Until it is written, which an election may keep from it for seconds, a sign of life takes it back.
    const gone = (view: View) =>
      view.members.filter((member) => this.#condemned.some(({ of }) => isSameLife(of, member)));
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

/** Those of members that the others do not speak of. */
function unlike(observations: readonly Observation[], others: readonly Observation[]): Observation[] {
  return observations.filter(({ of }) => !others.some((other) => isSameLife(other.of, of)));
}
