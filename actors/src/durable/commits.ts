import { ActorStoppedError, type DeadLetter, errorMessage, hasCode, limits, roughSize } from '@jaegis/core';
import type { InboxDelivery } from '../run/contract.ts';
import type { Effect } from '../run/effect.ts';
import type { ReplyHandle } from '../run/reply-handle.ts';
import type { Trace } from './audit.ts';
import { type Load, noLoad, sum } from './load.ts';
import type { Consumed } from './turn-state.ts';

/** One message that was handled and whose reply and effects wait for its turn to be committed. */
export interface Step extends Consumed {
  readonly id: string | undefined;
  readonly inbox: InboxDelivery | undefined;
  /** Undefined for a tell, and for an ask that is answered through its handle. */
  readonly ask: ReplyHandle | undefined;
  readonly reply: unknown;
  /** How long the asker waits, in ms, where that is known. */
  readonly limitMs: number | undefined;
  readonly effects: readonly Effect[];
  /** Of these, what is sent. */
  readonly sends: Load;
  readonly deadLetter: DeadLetter | undefined;
  /** Of the message; undefined where none caused the step, or it was postponed. */
  readonly trace: Trace | undefined;
  /** False: a question, which only waits for the turns whose state it has seen. */
  readonly changes: boolean;
  /** It is an ask that will be answered later. */
  readonly isOwed: boolean;
}

export interface CommitsOptions {
  /** Writes one turn with these messages, and the state as it is now. */
  readonly commit: (steps: readonly Step[]) => Promise<void>;
  /** The turn of these messages is written, or they need none. */
  readonly release: (steps: readonly Step[]) => void;
  /**
   * A turn could not be written: the state in memory is not that of the journal.
   *
   * @param suspects Those one of which is to blame for it, by what it leaves; none where it is nobody's doing.
   */
  readonly onFailed: (error: unknown, suspects: readonly Step[]) => void;
  /** Whether each message is to have a turn of its own, so that it is known which one cannot be written. */
  readonly isAlone: () => boolean;
}

const soon = Promise.resolve();

/**
 * Group commit: while one turn is being written the next messages are handled already, on the state that it will leave;
 * together they are the next turn. Nothing leaves before its turn is written.
 */
export class Commits {
  readonly #options: CommitsOptions;
  #waiting: Step[] = [];
  /** Of what waits, roughly. */
  #waitingBytes = 0;
  #waitingSends = noLoad;
  #writingSends = noLoad;
  /** Steps of the turn that is being written. */
  #writing: readonly Step[] = [];
  #running: Promise<void> | undefined;
  #isOver = false;
  #errorOf: (step: Step) => unknown = () => undefined;
  #room: (() => void)[] = [];

  constructor(options: CommitsOptions) {
    this.#options = options;
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Outgoing messages of turns that are not written. */
  get sends(): Load {
    return sum(this.#waitingSends, this.#writingSends);
  }

  /** The step with this id whose turn is not written. */
  find(id: string): Step | undefined {
    return this.#waiting.find((step) => step.id === id) ?? this.#writing.find((step) => step.id === id);
  }

  /** Undefined: another message may be handled now. Else: when one may be. */
  room(): Promise<void> | undefined {
    const isFull = this.#waiting.length >= limits.turnMessages || this.#waitingBytes >= limits.turnBytes;
    if (!isFull && (this.isIdle || !this.#options.isAlone())) return undefined;
    return new Promise((resolve) => this.#room.push(resolve));
  }

  add(step: Step): void {
    if (this.#isOver) {
      step.ask?.fail(this.#errorOf(step));
      return;
    }
    this.#waiting.push(step);
    if (step.changes) this.#waitingBytes += bytesOf(step);
    if (step.sends.messages > 0) this.#waitingSends = sum(this.#waitingSends, step.sends);
    // All that is handled in this turn of the scheduler comes along.
    this.#running ??= soon.then(() => this.#run());
  }

  /** Resolves when all is written or has failed. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** What is not written counts as not done: its askers are told, and nothing of it leaves. */
  abandon(error: unknown): void {
    this.#end(() => error);
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isOver) {
      const steps = this.#waiting;
      this.#waiting = [];
      this.#writing = steps;
      this.#waitingBytes = 0;
      this.#writingSends = this.#waitingSends;
      this.#waitingSends = noLoad;
      try {
        if (steps.some(({ changes }) => changes)) await this.#options.commit(steps);
      } catch (error) {
        this.#failed(error, steps);
        break;
      }
      this.#writing = [];
      this.#writingSends = noLoad;
      if (!this.#isOver) this.#options.release(steps);
      this.#makeRoom();
    }
    this.#running = undefined;
  }

  /** Who is not known to be to blame is told to ask again, and loses nothing by it. */
  #failed(error: unknown, steps: readonly Step[]): void {
    const suspects = hasCode(error, 'not_serializable') ? steps.filter(({ changes }) => changes) : [];
    const others = suspects.length === 0 ? error : notWritten(error);
    const [culprit] = suspects.length === 1 ? suspects : [];
    this.#end((step) => (step === culprit ? error : others));
    this.#options.onFailed(error, suspects);
  }

  #end(errorOf: (step: Step) => unknown): void {
    this.#isOver = true;
    this.#errorOf = errorOf;
    const steps = [...this.#writing, ...this.#waiting];
    this.#writing = this.#waiting = [];
    for (const step of steps) step.ask?.fail(errorOf(step));
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

/** What the others are told when what one message leaves cannot be written. */
export function notWritten(cause: unknown): Error {
  return new ActorStoppedError(`Another message left what cannot be written: ${errorMessage(cause)}`, { cause });
}

/** What a step adds to its turn's record, roughly. What cannot even be looked at will not be encoded either. */
function bytesOf({ reply, sends }: Step): number {
  try {
    return sends.bytes + roughSize(reply, limits.turnBytes);
  } catch {
    return 0;
  }
}
