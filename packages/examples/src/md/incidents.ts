import type { ClusterEvent } from 'jaegis';

/** A kill, and what the demo saw of the recovery. Times are in ms on the demo's own clock, of arrival here. */
export interface Incident {
  readonly victim: string;
  readonly killedAt: number;
  /** The runs that were on the victim, and the step of each that was committed last before the kill. */
  readonly moved: Readonly<Record<string, number>>;
  /** The first node said that the victim is down. */
  noticedAt: number | undefined;
  /** By run: it has begun again from its last turn on another node. */
  readonly resumedAt: Record<string, number>;
  /** By run: it has committed a step beyond those before the kill. */
  readonly advancedAt: Record<string, number>;
  /** Of those runs the ones that were finished before they had begun elsewhere: nothing of them was left to do. */
  readonly over: Set<string>;
}

export interface Recovery {
  readonly victim: string;
  readonly moved: readonly string[];
  readonly noticedMs: number;
  /** Until the last moved run had begun again elsewhere; undefined: all that the victim ran was finished. */
  readonly resumedMs: number | undefined;
  /**
   * Events are heard at most once. Of these moved runs the beginning elsewhere was not: their first new work there, which
   * is later, stands for it in `resumedMs`.
   */
  readonly unheard: readonly string[];
  /** Until the last moved run had committed new work; undefined: none had any left. */
  readonly advancedMs: number | undefined;
}

/** Where each run is and how far it has come, and what becomes of the runs of a node that is killed. Told the time. */
export class Incidents {
  readonly #node = new Map<string, string>();
  readonly #steps = new Map<string, number>();
  readonly #finished = new Set<string>();
  readonly #incidents: Incident[] = [];
  readonly #stepsEach: number;

  /** @param stepsEach Of a run; one that has come so far has nothing left to do. Default: only its end is heard. */
  constructor(stepsEach: number = Number.POSITIVE_INFINITY) {
    this.#stepsEach = stepsEach;
  }

  get steps(): ReadonlyMap<string, number> {
    return this.#steps;
  }

  nodeOf(run: string): string | undefined {
    return this.#node.get(run);
  }

  /** Of these nodes the one with the most unfinished runs; the first by name among equals. */
  busiest(nodes: readonly string[]): { readonly node: string; readonly runs: readonly string[] } | undefined {
    const counted = nodes.toSorted().map((node) => ({ node, runs: this.#runsOn(node) }));
    return counted.reduce<(typeof counted)[number] | undefined>(
      (best, next) => (next.runs.length > (best?.runs.length ?? 0) ? next : best),
      undefined,
    );
  }

  killed(victim: string, now: number): Incident {
    const moved = Object.fromEntries(this.#runsOn(victim).map((run) => [run, this.#steps.get(run) ?? 0]));
    const heard = { noticedAt: undefined, resumedAt: {}, advancedAt: {}, over: new Set<string>() };
    const incident: Incident = { victim, killedAt: now, moved, ...heard };
    this.#incidents.push(incident);
    return incident;
  }

  on(event: ClusterEvent, now: number): void {
    const incident = this.#incidents.at(-1);
    if (event.type === 'node_down' && incident && event.down === incident.victim) incident.noticedAt ??= now;
    if (event.type === 'entity_started' && typeof event.entity === 'string') this.#started(event, event.entity, now);
    if (event.type === 'progress' && typeof event.run === 'string' && typeof event.step === 'number') {
      this.#progressed(event.run, event.step, event.node, now);
    }
    if (event.type === 'run_finished' && typeof event.run === 'string') this.finished(event.run);
  }

  /** As the event says, or the campaign when it is asked. */
  finished(run: string): void {
    this.#finished.add(run);
    const incident = this.#incidents.at(-1);
    if (!incident || !(run in incident.moved)) return;
    if (!(run in incident.resumedAt) && !(run in incident.advancedAt)) incident.over.add(run);
  }

  isOver(incident: Incident): boolean {
    return Object.keys(incident.moved).every((run) => run in incident.advancedAt || this.#finished.has(run));
  }

  recoveries(): Recovery[] {
    return this.#incidents.map(({ victim, killedAt, noticedAt, moved, resumedAt, advancedAt, over }) => {
      const never = Number.POSITIVE_INFINITY;
      const runs = Object.keys(moved).filter((run) => !over.has(run));
      const last = (times: readonly number[]) => (times.length === 0 ? undefined : Math.max(...times) - killedAt);
      return {
        victim,
        moved: runs,
        noticedMs: (noticedAt ?? never) - killedAt,
        resumedMs: last(runs.map((run) => resumedAt[run] ?? advancedAt[run] ?? never)),
        unheard: runs.filter((run) => !(run in resumedAt) && run in advancedAt),
        advancedMs: last(Object.values(advancedAt)),
      };
    });
  }

  #runsOn(node: string): string[] {
    return [...this.#node].filter(([run, at]) => at === node && !this.#finished.has(run)).map(([run]) => run);
  }

  #started(event: ClusterEvent, entity: string, now: number): void {
    if (!entity.startsWith('simulation/')) return;
    const run = entity.slice('simulation/'.length);
    this.#node.set(run, event.node);
    const incident = this.#incidents.at(-1);
    if (incident && run in incident.moved && event.node !== incident.victim) incident.resumedAt[run] ??= now;
  }

  #progressed(run: string, step: number, node: string, now: number): void {
    this.#node.set(run, node);
    this.#steps.set(run, Math.max(step, this.#steps.get(run) ?? 0));
    const incident = this.#incidents.at(-1);
    const before = incident?.moved[run];
    if (incident && before !== undefined && node !== incident.victim && step > before) incident.advancedAt[run] ??= now;
    if (step >= this.#stepsEach) this.finished(run);
  }
}
