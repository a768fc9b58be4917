/** The side of JetStream that answers: what all journals and stores of a world share, and the faults of its answers. */
import {
  type JaegisError,
  type JournalRecord,
  OutcomeUnknownError,
  StorageUnavailableError,
  TransportClosedError,
} from '@jaegis/core';
import type { Purpose } from './purpose.ts';
import type { SimInboxLog } from './sim-inbox-log.ts';
import type { SimLink } from './sim-link.ts';
import type { SimLog } from './sim-log.ts';

export interface Request<Answer> extends Purpose {
  /** Or bucket. */
  readonly stream: string;
  readonly isWrite: boolean;
  /** What the server does when the request reaches it. What it throws is the answer too. */
  readonly execute: () => Answer;
}

/** One record that was taken into a log, for who looks on. */
export interface Written extends JournalRecord {
  readonly stream: string;
  readonly by: string;
}

export interface SimBlob {
  readonly bytes: Uint8Array;
  readonly timeMs: number;
}

export class SimStorage {
  readonly #timeoutMs: number;
  readonly #logs = new Map<string, SimLog>();
  readonly #inboxes = new Map<string, SimInboxLog>();
  readonly #blobs = new Map<string, Map<string, SimBlob>>();
  readonly #leaderless = new Set<string>();
  readonly #electionListeners = new Set<() => void>();
  readonly #watchers = new Set<(written: Written) => void>();
  #isAvailable = true;
  #answersToLose = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** False while no stream has a leader: requests are refused, and nothing is written. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  set isAvailable(isAvailable: boolean) {
    this.#isAvailable = isAvailable;
    if (isAvailable) this.#electionOver();
  }

  /** This stream alone loses its leader, until it {@link elect}s another one. */
  depose(stream: string): void {
    this.#leaderless.add(stream);
  }

  elect(stream: string): void {
    this.#leaderless.delete(stream);
    this.#electionOver();
  }

  hasLeader(stream: string): boolean {
    return this.#isAvailable && !this.#leaderless.has(stream);
  }

  /** Calls back when a stream may have a leader again. */
  onElection(listener: () => void): () => void {
    this.#electionListeners.add(listener);
    return () => this.#electionListeners.delete(listener);
  }

  /** Calls back for each record that is taken into a log. */
  watch(watcher: (written: Written) => void): void {
    this.#watchers.add(watcher);
  }

  written(written: Written): void {
    for (const watcher of this.#watchers) watcher(written);
  }

  /** The answers to the next writes, this many, are lost: they are written, and their writers do not know. */
  loseAnswers(count: number): void {
    this.#answersToLose += count;
  }

  /** All servers are killed and started again: what they acknowledged is there, what they only knew is not. */
  restart(): void {
    for (const inbox of this.#inboxes.values()) inbox.restart();
  }

  /** The log of that name, made when there is none. */
  log(name: string, make: () => SimLog): SimLog {
    const log = this.#logs.get(name) ?? make();
    this.#logs.set(name, log);
    return log;
  }

  /** A disk that loses what was written: the newest record of a subject is gone. */
  forgetLast(name: string, subject: string): void {
    this.#logs.get(name)?.forgetLast(subject);
  }

  /** The inbox of that name, made when there is none. */
  inbox(name: string, make: () => SimInboxLog): SimInboxLog {
    const inbox = this.#inboxes.get(name) ?? make();
    this.#inboxes.set(name, inbox);
    return inbox;
  }

  /** The bucket of that name. */
  blobs(name: string): Map<string, SimBlob> {
    const blobs = this.#blobs.get(name) ?? new Map<string, SimBlob>();
    this.#blobs.set(name, blobs);
    return blobs;
  }

  /** Up the node's connection, and the answer down again. For a node that has crashed it never settles. */
  request<Answer>(link: SimLink, request: Request<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (link.state === 'crashed') return;
      if (link.state !== 'connected') return reject(notSent(link, request));
      const stop = () => {
        link.clock.clearTimer(timer);
        unsubscribe();
      };
      const giveUp = (reason: string) => {
        stop();
        if (link.state !== 'crashed') reject(unanswered(request, reason));
      };
      const timer = link.clock.setTimer(this.#timeoutMs, () => giveUp('timeout'));
      const unsubscribe = link.onChange(() => giveUp('the connection was lost'));
      link.up.carry(() => {
        const settle = this.#outcome(request, resolve, reject);
        if (request.isWrite && this.#answersToLose > 0) {
          this.#answersToLose -= 1;
        } else {
          link.down.carry(() => {
            stop();
            settle();
          });
        }
      });
    });
  }

  #electionOver(): void {
    for (const listener of [...this.#electionListeners]) listener();
  }

  #outcome<Answer>(
    request: Request<Answer>,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ): () => void {
    if (!this.hasLeader(request.stream)) return () => reject(unavailable(request, 'no leader answers'));
    try {
      const answer = request.execute();
      return () => resolve(answer);
    } catch (error) {
      return () => reject(error);
    }
  }
}

export function unavailable({ what, data }: Purpose, reason: string): JaegisError {
  return new StorageUnavailableError(`Could not ${what}: ${reason}.`, { data });
}

function notSent(link: SimLink, purpose: Purpose): JaegisError {
  if (link.state === 'closed') return new TransportClosedError('The connection of this node was closed.');
  return unavailable(purpose, 'the connection is lost');
}

function unanswered(purpose: Request<unknown>, reason: string): JaegisError {
  if (!purpose.isWrite) return unavailable(purpose, reason);
  return new OutcomeUnknownError(`No answer to: ${purpose.what} (${reason}).`, { data: purpose.data });
}
