import type { Errand } from './errand.ts';
import type { Job } from './job.ts';
import { Stop } from './stop.ts';

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
