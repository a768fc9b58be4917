import type { Job } from './job.ts';
import type { WorkerRequest } from './worker.ts';

/**
 * What piscina takes for a signal, with no more than it uses: an AbortController for each task would cost more than all
 * else that a small task costs here.
 */
export class Stop {
  aborted = false;
  reason: unknown;
  #listener: (() => void) | undefined;

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#listener?.();
  }

  addEventListener(_name: 'abort', listener: () => void): void {
    this.#listener = listener;
  }

  removeEventListener(): void {
    this.#listener = undefined;
  }
}

/** What is sent to a thread. Without a request there is nothing to do any more. */
export interface Errand {
  readonly request: WorkerRequest | undefined;
}

/**
 * A place at the next free thread. Whose it is may be decided as late as when piscina sends it, so that a thread has its
 * next task at once, and still the one whose turn it is by then.
 */
export class Ticket {
  readonly stop = new Stop();
  readonly errand: Errand;
  /** Whose it is. */
  job: Job | undefined;
  isSent = false;

  /** @param onSend Called when it is sent, the last moment for it to become somebody's. */
  constructor(onSend: (ticket: Ticket) => void) {
    const ticket = this;
    this.errand = {
      // Read by the copy that is made for the thread.
      get request() {
        onSend(ticket);
        return ticket.job?.request;
      },
    };
  }
}
