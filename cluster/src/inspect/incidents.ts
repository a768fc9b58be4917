/** What happened to a node and what it saw of others, kept to be looked at later; and the same of all nodes in one list. */
import type { Announcement } from '@jaegis/actors';
import { limits } from '@jaegis/core';
import type { Incident } from './answers.ts';

/** The field that says whom it is about, of each event that is an incident. */
const subjects: Readonly<Record<string, string>> = {
  actor_crashed: 'address',
  actor_restarted: 'address',
  deadlock_resolved: 'error',
  entity_stopped: 'entity',
  leader_elected: 'term',
  node_down: 'down',
  node_joined: 'joined',
  node_removed: 'removed',
  node_suspected: 'suspect',
  node_slow: 'node',
  node_stalled: 'stalled',
  policy: 'policy',
  status_changed: 'of',
  supervisor_gave_up: 'address',
  turns_quarantined: 'entity',
  view_changed: 'epoch',
};

/** What happens to one and the same: a node that is suspect and then down has had two, and a
 * breaker that opens and closes too. */
function keyOf({ type, subject, detail }: Pick<Kept, 'type' | 'subject' | 'detail'>): string {
  const what = type === 'status_changed' ? detail.to : type === 'policy' ? `${detail.part} ${detail.change}` : '';
  return `${type} ${subject} ${what}`;
}

/** Ends of entities that are none: they go on at their next message. */
const inOrder: ReadonlySet<unknown> = new Set(['done', 'moved', 'passivated', 'shutdown']);

/** What repeats within this time counts as one, in ms. */
const TOGETHER_MS = 60_000;
/** Within this time, in ms, what several nodes say is the same: they see it at different times, by different clocks. */
const SAME_MS = 5_000;

interface Kept {
  readonly type: string;
  readonly subject: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Of one node: the newest ones, those that repeat counted. */
export class IncidentLog {
  readonly #node: string;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();

  /** @param now Wall-clock time, ms since 1970. */
  constructor(node: string, now: () => number) {
    this.#node = node;
    this.#now = now;
  }

  /**
   * Events of other kinds, such as those that actors announce, are passed over.
   *
   * @param atMs When it happened, by the wall clock, where that is not now: a node that was stopped hears of it late.
   */
  note({ type, ...detail }: Announcement, atMs = this.#now()): void {
    const field = subjects[type];
    if (field === undefined || (type === 'entity_stopped' && inOrder.has(detail.reason))) return;
    const subject = String(detail[field] ?? this.#node);
    const key = keyOf({ type, subject, detail });
    const before = this.#kept.get(key);
    const isMore = before !== undefined && atMs - before.lastMs < TOGETHER_MS;
    const [firstMs, count] = isMore ? [before.firstMs, before.count + 1] : [atMs, 1];
    if (before && !isMore) this.#kept.set(`${key} ${before.firstMs}`, before);
    this.#kept.delete(key); // so that it is the newest
    this.#kept.set(key, { type, subject, firstMs, lastMs: atMs, count, detail });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= limits.incidents) break;
      this.#kept.delete(oldest);
    }
  }

  /** The last ones, oldest first. */
  list(most: number, isAsked: (type: string) => boolean = () => true): Incident[] {
    const asked = [...this.#kept.values()].filter(({ type }) => isAsked(type)).sort((a, b) => a.lastMs - b.lastMs);
    return asked.slice(-most).map((kept) => ({ ...kept, by: [this.#node] }));
  }
}

/**
 * The last ones of several nodes, oldest first. What they say alike, at about the same time, is one, which stands at the
 * time of the first who saw it: a node that was stopped sees what happened meanwhile when it wakes.
 */
export function merged(lists: readonly (readonly Incident[])[], most: number): Incident[] {
  const made: Joined[] = [];
  const newest = new Map<string, number>();
  for (const incident of lists.flat().sort(byTime)) {
    const key = keyOf(incident);
    const at = newest.get(key);
    const before = at === undefined ? undefined : made[at];
    if (at !== undefined && before && isSame(before, incident)) made[at] = joined(before, incident);
    else newest.set(key, made.push({ incident, latestMs: incident.lastMs }) - 1);
  }
  const incidents = made.map(({ incident }) => incident).sort(byTime);
  return incidents.slice(-most);
}

interface Joined {
  readonly incident: Incident;
  /** When the last of those who say so saw it. */
  readonly latestMs: number;
}

function joined({ incident: before }: Joined, next: Incident): Joined {
  // Who saw more repetitions knows of a later one.
  const { lastMs, count, detail } = next.count > before.count ? next : before;
  const by = [...before.by, ...next.by].sort();
  const firstMs = Math.min(before.firstMs, next.firstMs);
  return { incident: { ...before, by, firstMs, lastMs, count, detail }, latestMs: next.lastMs };
}

function isSame({ incident, latestMs }: Joined, next: Incident): boolean {
  return next.firstMs - latestMs < SAME_MS && !next.by.some((node) => incident.by.includes(node));
}

function byTime(a: Incident, b: Incident): number {
  return a.lastMs - b.lastMs;
}
