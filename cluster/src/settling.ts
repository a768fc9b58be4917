import { type Clock, grown, isSameLife, type Logger, type Member, type Timer, type View } from '@jaegis/core';

export interface SettlingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly self: () => Member;
  readonly view: () => View;
  /** Asks for this share of its weight, undefined: all of it. Resolves when it was asked for. */
  readonly grow: (share: number | undefined) => Promise<void>;
  /** Resolves when all that came with the last view is looked at. */
  readonly settled: () => Promise<void>;
}

/** How long each step lasts at least, in ms. */
const STEP_MS = 1_000;
/** How long a cluster counts as being formed after its first node has come, in ms. */
const FORMING_MS = 5_000;

/** Takes a node that has joined to its full share, step by step, each when what came with the one before is looked at. */
export class Settling {
  readonly #options: SettlingOptions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  onView(view: View): void {
    const { clock, self } = this.#options;
    const share = view.members.find((member) => isSameLife(member, self()))?.share;
    if (share === undefined || this.#timer !== undefined || this.#isStopped) return;
    this.#timer = clock.setTimer(share < 1 ? STEP_MS : FORMING_MS, () => void this.#step());
  }

  stop(): void {
    this.#isStopped = true;
    this.#options.clock.clearTimer(this.#timer);
  }

  async #step(): Promise<void> {
    const { grow, settled, logger, view } = this.#options;
    try {
      await settled();
      const { share } = this.#row ?? {};
      if (!this.#isStopped && share !== undefined) await grow(grown(share));
    } catch (error) {
      logger.debug('the share of this node did not grow yet', { error });
    }
    this.#timer = undefined;
    this.onView(view());
  }

  get #row(): Member | undefined {
    const { view, self } = this.#options;
    return view().members.find((member) => isSameLife(member, self()));
  }
}
