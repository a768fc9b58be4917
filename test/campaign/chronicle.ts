/** What happened in a run, in order, for people: from it the timelines are drawn. */
export type EventKind = 'fault begins' | 'fault ends' | 'node' | 'view' | 'log' | 'asks' | 'violation';

export interface ChronicleEvent {
  /** Since the cluster was up. */
  readonly atMs: number;
  readonly kind: EventKind;
  /** The nodes that it is about; none: all of them. */
  readonly nodes: readonly string[];
  readonly text: string;
}

/** Of one run. What a fault that floods would add is left out. */
const MOST_EVENTS = 20_000;

export class Chronicle {
  readonly events: ChronicleEvent[] = [];
  readonly #now: () => number;

  /** @param now In ms, from any start. */
  constructor(now: () => number) {
    this.#now = now;
  }

  add(kind: EventKind, nodes: readonly string[], text: string): void {
    if (this.events.length < MOST_EVENTS) this.events.push({ atMs: this.#now(), kind, nodes, text });
  }
}
