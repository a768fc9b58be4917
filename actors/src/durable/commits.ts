import { ActorStoppedError, type DeadLetter, limits } from '@jaegis/core';
import type { InboxDelivery } from '../run/contract.ts';
import type { Effect } from '../run/effect.ts';
import type { ReplyHandle } from '../run/reply-handle.ts';
import type { Trace } from './audit.ts';
import type { Consumed } from './turn-state.ts';

/** One message that was handled and whose reply and effects wait for its turn to be committed. */
export interface Step extends Consumed {
  readonly id: string | undefined;
  readonly inbox: InboxDelivery | undefined;
  /** Undefined for a tell, and for an ask that is answered through its handle. */
  readonly ask: ReplyHandle | undefined;
  readonly reply: unknown;
  readonly effects: readonly Effect[];
  readonly deadLetter: DeadLetter | undefined;
  /** Of the message; undefined where none caused the step, or it was postponed. */
  readonly trace: Trace | undefined;
  /** False: a question, which only waits for the turns whose state it has seen. */
  readonly changes: boolean;
}

export interface CommitsOptions {
  /** Writes one turn with these messages, and the state as it is now. */
  readonly commit: (steps: readonly Step[]) => Promise<void>;
  /** The turn of these messages is written, or they need none. */
  readonly release: (steps: readonly Step[]) => void;
  /** A turn could not be written: the state in memory is not that of the journal. */
  readonly onFailed: (error: unknown) => void;
}

const soon = Promise.resolve();

/**
 * Group commit: while one turn is being written the next messages are handled already, on the state that it will leave;
 * together they are the next turn. Nothing leaves before its turn is written.
 */
export class Commits {
  readonly #options: CommitsOptions;
  #waiting: Step[] = [];
  /** Steps of the turn that is being written. */
  #writing: readonly Step[] = [];
  #running: Promise<void> | undefined;
  #isOver = false;
  #error: unknown;
  #room: (() => void)[] = [];

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Outgoing messages of turns that are not written. */
  get sends(): number {
    const count = (steps: readonly Step[]) =>
      steps.reduce((sum, { effects }) => sum + effects.filter(({ kind }) => kind === 'send').length, 0);
    return count(this.#waiting) + count(this.#writing);
  }

  /** The step with this id whose turn is not written. */
  find(id: string): Step | undefined {
    return this.#waiting.find((step) => step.id === id) ?? this.#writing.find((step) => step.id === id);
  }

  /** Undefined: another message may be handled now. Else: when one may be. */
  room(): Promise<void> | undefined {
    if (this.#waiting.length < limits.turnMessages) return undefined;
    return new Promise((resolve) => this.#room.push(resolve));
  }

  add(step: Step): void {
    if (this.#isOver) {
      step.ask?.fail(this.#error);
      return;
    }
    this.#waiting.push(step);
    // All that is handled in this turn of the scheduler comes along.
    this.#running ??= soon.then(() => this.#run());
  }

  /** Resolves when all is written or has failed. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** What is not written counts as not done: its askers are told, and nothing of it leaves. */
  abandon(error: unknown): void {
    this.#end(error);
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isOver) {
      const steps = this.#waiting;
      this.#waiting = [];
      this.#writing = steps;
      try {
        if (steps.some(({ changes }) => changes)) await this.#options.commit(steps);
      } catch (error) {
        this.#end(error);
        this.#options.onFailed(error);
        break;
      }
      this.#writing = [];
      if (!this.#isOver) this.#options.release(steps);
      this.#makeRoom();
    }
    this.#running = undefined;
  }

  #end(error: unknown): void {
    this.#isOver = true;
    this.#error = error;
    const steps = [...this.#writing, ...this.#waiting];
    this.#writing = this.#waiting = [];
    for (const { ask } of steps) ask?.fail(error);
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const resolve of this.#room.splice(0)) resolve();
  }
}

/** What askers are told whose turn was not written when the entity was killed: it may be, or not. */
export function notCommitted(address: string): Error {
  return new ActorStoppedError(`${address} ended before it was known that the turn was written.`);
}
