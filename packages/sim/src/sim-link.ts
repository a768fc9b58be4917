/** One connection of one process to the server. Another one may come under the same name once it has crashed or closed. */
import type { Backlog, Clock, Delivery } from '@jaegis/core';
import { Lane } from './lane.ts';
import { NodeClock } from './node-clock.ts';

export interface SimSubscription {
  readonly subject: string;
  readonly queue: string | undefined;
  readonly deliver: (delivery: Delivery) => void;
}

export interface SimLinkOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly latencyMs: () => number;
  /** Whether messages of different senders may overtake each other. */
  readonly reorders: boolean;
}

export class SimLink {
  readonly node: string;
  /** As its process sees it. */
  readonly clock: NodeClock;
  readonly up: Lane;
  /** Answers of storage, and messages where those of different senders keep their order. */
  readonly down: Lane;
  state: 'connected' | 'disconnected' | 'closed' | 'crashed' = 'connected';
  /** The connection swallows the messages that go through it, both ways. */
  isCut = false;
  /** Who wants to know that the node reads too slowly. */
  readonly slowListeners = new Set<(backlog: Backlog) => void>();
  readonly #options: SimLinkOptions;
  /** By sender. */
  readonly #routes = new Map<string, Lane>();
  readonly #listeners = new Set<() => void>();
  readonly #holds = { up: 0, down: 0 };
  #freezes = 0;
  #changes = 0;

  constructor(options: SimLinkOptions) {
    this.#options = options;
    this.node = options.node;
    this.clock = new NodeClock(options.clock);
    this.up = this.#lane();
    this.down = this.#lane();
  }

  /** Calls back after each change of {@link state} but a crash, which nobody is left to hear of. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The way down for messages of this sender. */
  downFrom(sender: string): Lane {
    if (!this.#options.reorders) return this.down;
    let lane = this.#routes.get(sender);
    if (lane === undefined) {
      lane = this.#lane();
      if (this.#holds.down > 0) lane.hold();
      this.#routes.set(sender, lane);
    }
    return lane;
  }

  change(state: SimLink['state']): void {
    if (this.state === state || this.state === 'closed' || this.state === 'crashed') return;
    this.state = state;
    if (state !== 'connected') {
      for (const lane of [this.up, ...this.#downs()]) lane.cut();
    }
    if (state === 'crashed') {
      this.#listeners.clear();
      this.clock.stop();
    } else if (this.#freezes > 0) this.#changes += 1;
    else this.#tell();
  }

  /** What goes this way waits. @returns Lets it go on; it does so when nothing else holds it. */
  hold(way: 'up' | 'down'): () => void {
    this.#holds[way] += 1;
    for (const lane of this.#lanes(way)) lane.hold();
    return once(() => {
      this.#holds[way] -= 1;
      if (this.#holds[way] === 0) for (const lane of this.#lanes(way)) lane.release();
    });
  }

  /** Who holds it does nothing at present. */
  get isHung(): boolean {
    return this.#freezes > 0;
  }

  /**
   * Who holds it hangs: no timer fires, nothing is read. @returns Lets it go on; it does so when nothing else stops it.
   * @param unsent Whether what was just written waits too.
   */
  freeze(unsent: boolean): () => void {
    this.#freezes += 1;
    this.clock.freeze();
    const releases = [this.hold('down'), ...(unsent ? [this.hold('up')] : [])];
    return once(() => {
      this.#freezes -= 1;
      if (this.#freezes === 0) {
        this.clock.thaw();
        for (; this.#changes > 0; this.#changes--) this.#tell();
      }
      for (const release of releases) release();
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #lane(): Lane {
    return new Lane(this.#options.clock, this.#options.latencyMs);
  }

  #lanes(way: 'up' | 'down'): Lane[] {
    return way === 'up' ? [this.up] : this.#downs();
  }

  #downs(): Lane[] {
    return [this.down, ...this.#routes.values()];
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
}
