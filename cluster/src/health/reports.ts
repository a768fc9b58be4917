import { type HealthSettings, isSameLife, type NodeId, type Observation } from '@jaegis/core';
import { type Assessment, assess } from './assessment.ts';
import type { HealthTable, Life } from './entries.ts';

export interface ReportsOptions {
  readonly settings: HealthSettings & { readonly calmMs: number };
  readonly watchersOf: (id: NodeId) => readonly NodeId[];
}

/** A watcher repeats its report more often, in ms; one that it does not repeat is worth nothing any more. */
const WORTH_MS = 1_000;

interface Report {
  readonly by: Life;
  readonly atMs: number;
  readonly observations: readonly Observation[];
}

/** What the watchers have told the leader: of each its newest report. Told the time. */
export class Reports {
  readonly #options: ReportsOptions;
  readonly #reports = new Map<NodeId, Report>();
  /** When something was last reported of a member. */
  readonly #lastMs = new Map<NodeId, number>();
  readonly #sinceMs: number;

  constructor(options: ReportsOptions, nowMs: number) {
    this.#options = options;
    this.#sinceMs = nowMs;
  }

  take(by: Life, observations: readonly Observation[], nowMs: number): void {
    this.#reports.set(by.id, { by, atMs: nowMs, observations });
    for (const { of } of observations) this.#lastMs.set(of.id, nowMs);
  }

  /** What is reported of one life at the moment. */
  of(life: Life): Observation[] {
    return [...this.#reports.values()].flatMap(({ observations }) =>
      observations.filter(({ of }) => isSameLife(of, life)),
    );
  }

  assess(table: HealthTable, self: NodeId, nowMs: number): Assessment {
    this.#forget(table, nowMs);
    const { settings, watchersOf } = this.#options;
    const reports = new Map([...this.#reports].map(([id, { observations }]) => [id, observations]));
    const isCalm = (id: NodeId) => nowMs - (this.#lastMs.get(id) ?? this.#sinceMs) >= settings.calmMs;
    return assess({ table, self, reports, watchersOf, isCalm, settings });
  }

  #forget({ rows }: HealthTable, nowMs: number): void {
    const lives = new Map(rows.map(({ member }) => [member.id, member.incarnation]));
    for (const [id, { by, atMs }] of this.#reports) {
      if (nowMs - atMs > WORTH_MS || lives.get(by.id) !== by.incarnation) this.#reports.delete(id);
    }
    for (const id of this.#lastMs.keys()) if (!lives.has(id)) this.#lastMs.delete(id);
  }
}
