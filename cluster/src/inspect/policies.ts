/** The policies of a node, as others may see them: what state they are in, and what changes in them. */
import { type Announcement, type Doors, glance, plain } from '@jaegis/actors';
import {
  type Clock,
  InvalidConfigError,
  type NodePolicy,
  NoSuchPolicyError,
  type PolicyNews,
  type PolicyOrder,
  type PolicyView,
} from '@jaegis/core';

export interface PoliciesOptions {
  /** Those that the node was given. */
  readonly policies: readonly NodePolicy[];
  /** And those at the doors of its actors. */
  readonly doors: Pick<Doors, 'policies' | 'watch'>;
  readonly clock: Clock;
  readonly announce: (event: Announcement) => void;
}

/** What a breaker tells once, not with each call. */
const changes: ReadonlySet<string> = new Set(['opened', 'half_opened', 'closed', 'disabled']);
/** A part that refuses many calls says so at most so often, in ms: observers are not to pay for what is shed. */
const QUIET_MS = 10_000;

/** Of one part of a policy. */
interface Refusals {
  toldMs: number;
  /** Since they were told last. */
  count: number;
}

export class Policies {
  readonly #options: PoliciesOptions;
  #stops: (() => void)[] = [];

  constructor(options: PoliciesOptions) {
    this.#options = options;
  }

  start(): void {
    const { policies, doors } = this.#options;
    const isGiven = (policy: NodePolicy) => policies.includes(policy);
    const stops = policies.map((policy) => this.#listen(policy));
    this.#stops = [...stops, doors.watch((policy) => (isGiven(policy) ? () => {} : this.#listen(policy)))];
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Each once. */
  get #all(): readonly NodePolicy[] {
    const { policies, doors } = this.#options;
    return [...new Set<NodePolicy>([...policies, ...doors.policies])];
  }

  /**
   * Has the policy of that name do what an operator wants.
   * @throws NoSuchPolicyError; InvalidConfigError where it cannot be done, or several have the name. Nothing is done then.
   */
  obey(name: string, order: PolicyOrder): PolicyView {
    const [policy, other] = this.#all.filter((each) => each.name === name);
    if (policy === undefined)
      throw new NoSuchPolicyError(`There is no policy "${name}" here.`, { data: { policy: name } });
    if (other !== undefined || policy.obey === undefined) {
      const why = other === undefined ? 'takes no orders' : 'is the name of several';
      throw new InvalidConfigError(`Policy "${name}" ${why}: nothing was done.`, { data: { path: 'policy' } });
    }
    policy.obey(order);
    const { set } = order;
    if (set !== undefined) {
      const part = Object.keys(set).join(', ');
      this.#options.announce({ type: 'policy', policy: name, part, change: 'tuned', set });
    }
    return viewOf(policy);
  }

  views(): readonly PolicyView[] {
    return this.#all.map(viewOf);
  }

  /** What is counted ends with the listening: there may be a policy for each of many actors that come and go. */
  #listen(policy: NodePolicy): () => void {
    const refusals = new Map<string, Refusals>();
    return policy.onEvent((event) => {
      if (changes.has(event.type)) this.#announceChange(event);
      else if (isRefusal(event)) this.#countRefusal(event, refusals);
    });
  }

  #announceChange({ type: change, ...said }: PolicyNews): void {
    const shown = plain(said, glance) as Readonly<Record<string, unknown>>; // an object stays one
    this.#options.announce({ ...shown, type: 'policy', change });
  }

  #countRefusal({ policy, part }: Refusal, ofParts: Map<string, Refusals>): void {
    const nowMs = this.#options.clock.monotonic();
    const refusals = ofParts.get(part) ?? { toldMs: Number.NEGATIVE_INFINITY, count: 0 };
    ofParts.set(part, refusals);
    refusals.count += 1;
    if (nowMs - refusals.toldMs < QUIET_MS) return;
    this.#options.announce({ type: 'policy', policy, part, change: 'refusing', refused: refusals.count });
    refusals.toldMs = nowMs;
    refusals.count = 0;
  }
}

/** What JSON has no word for is in one that can be read. */
function viewOf(policy: NodePolicy): PolicyView {
  const { name, parts } = policy.inspect();
  return { name, parts: parts.map((part) => ({ name: part.name, state: plain(part.state, glance) })) };
}

interface Refusal extends PolicyNews {
  readonly part: string;
}

/** That a breaker refuses is known since it has opened. */
function isRefusal(event: PolicyNews): event is Refusal {
  if (event.type !== 'refused' && event.type !== 'overloaded') return false;
  return 'part' in event && typeof event.part === 'string' && event.part !== 'breaker';
}
