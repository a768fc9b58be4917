import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import {
  ANSWERED,
  CLAIMS,
  FIELDS,
  type Lease,
  MOST_GIVEN,
  OFFERED,
  SENT,
  USUAL_US,
  WITHDRAWN,
  type WorkerReply,
} from './errand.ts';
import { faultOf, outputOf } from './fault.ts';
import type { Job, Reason } from './job.ts';
import { Stop } from './stop.ts';

/** Tasks that take so long at most, in microseconds, are given ahead, so that the thread need not wait for each. */
const SMALL_US = 100;

interface Owner {
  /** It may be given more. What it has done is told after this. */
  onRoom(thread: LeasedThread): void;
  /** It has answered, and so may others have by now. */
  onAnswer(): void;
  /** These have not begun, and will not here. */
  onReturn(jobs: readonly Job[]): void;
  /** It is no more. What becomes of the task that it did is told after this. */
  onEnd(thread: LeasedThread): void;
}

/** A job at the thread, or none where it was withdrawn and the thread has not said so yet. */
interface Given {
  readonly claim: number;
  job: Job | undefined;
}

/**
 * A thread that the pool has of piscina for as long as there is work for it: to piscina one long task, within which the
 * tasks of the pool go over a channel of their own. That spares each of them what piscina does for a task, while piscina
 * starts threads, bounds their memory, and notices their end.
 *
 * Where tasks are small it is given some ahead. Each can be withdrawn until the thread claims it, so that what is given
 * ahead is at the mercy of what goes before it no more than what waits in line.
 */
export class LeasedThread {
  readonly #owner: Owner;
  readonly #port: MessagePort;
  readonly #shared = new Int32Array(new SharedArrayBuffer(FIELDS * Int32Array.BYTES_PER_ELEMENT));
  readonly #stop = new Stop();
  /** In the order in which it does them. */
  readonly #given: Given[] = [];
  #sent = 0;
  #answers = 0;
  #answersThen = 0;
  #isEnding = false;

  constructor(piscina: Piscina<Lease>, owner: Owner) {
    const { port1, port2 } = new MessageChannel();
    this.#owner = owner;
    this.#port = port1;
    this.#shared[USUAL_US] = 10 * SMALL_US;
    port1.on('message', this.#onMessage);
    port1.on('messageerror', this.#onBrokenMessage);
    const lease = { port: port2, shared: this.#shared };
    piscina.run(lease, { transferList: [port2], signal: this.#stop }).then(
      () => this.#end(undefined),
      (error: unknown) => this.#end(error),
    );
  }

  /** Whether its tasks take no time to speak of. */
  get isQuick(): boolean {
    return Atomics.load(this.#shared, USUAL_US) <= SMALL_US;
  }

  get isIdle(): boolean {
    return this.#given.length === 0 && !this.#isEnding;
  }

  get hasRoom(): boolean {
    return this.isIdle || (this.#given.length < MOST_GIVEN && this.isQuick && !this.#isEnding);
  }

  get hasAhead(): boolean {
    return this.#given.length > 1;
  }

  /** @returns Whether it will do it; else the job has been refused, since its input cannot get there. */
  give(job: Job): boolean {
    const claim = this.#sent % MOST_GIVEN;
    Atomics.store(this.#shared, CLAIMS + claim, OFFERED);
    const { task, input } = job;
    try {
      this.#port.postMessage({ claim, task, input });
    } catch (error) {
      job.refuse(faultOf(error, task));
      return false;
    }
    this.#sent += 1;
    this.#given.push({ claim, job });
    job.thread = this;
    if (this.#given.length === 1) job.startRunning();
    Atomics.add(this.#shared, SENT, 1);
    Atomics.notify(this.#shared, SENT);
    return true;
  }

  /** Takes the answers that are there, before their events come: events cost more than small tasks. */
  poll(): void {
    if (this.#given.length > 0 && Atomics.load(this.#shared, ANSWERED) !== this.#answers) this.#receive();
  }

  /** Ends the job, and the thread with it where it has begun. @param reason What the job fails with. */
  end(job: Job, reason: Reason): void {
    const given = this.#given.find((each) => each.job === job);
    if (given !== undefined && this.#withdraw(given)) {
      job.refuse(reason(false));
      return;
    }
    // What comes after it must not begin, and end with the thread. Where it has begun, the answer of this one is there.
    this.#isEnding = true;
    const unbegun = this.#withdrawAll();
    this.#receive();
    this.#isEnding = this.#given.some((each) => each.job === job);
    if (this.#isEnding) this.#stop.abort(reason(true));
    this.#owner.onReturn(unbegun);
    if (this.hasRoom) this.#owner.onRoom(this);
  }

  /** Ends it with all that it has. @param reason What they fail with. */
  abort(reason: (job: Job) => unknown): void {
    this.#isEnding = true;
    for (const job of this.#withdrawAll()) job.refuse(reason(job));
    // What went before the one that has begun is done: its answer is there.
    this.#receive();
    const begun = this.#given.find(({ job }) => job !== undefined)?.job;
    this.#stop.abort(begun === undefined ? undefined : reason(begun));
  }

  /** Returns what was given ahead and has not begun. */
  returnAhead(): void {
    const unbegun = this.#withdrawAll(1);
    if (unbegun.length > 0) this.#owner.onReturn(unbegun);
  }

  /** Since this was asked last. */
  hasAnsweredSince(): boolean {
    const hasAnswered = this.#answers !== this.#answersThen;
    this.#answersThen = this.#answers;
    return hasAnswered;
  }

  #withdraw(given: Given): boolean {
    const { job, claim } = given;
    const isWithdrawn = Atomics.compareExchange(this.#shared, CLAIMS + claim, OFFERED, WITHDRAWN) === OFFERED;
    if (!isWithdrawn || job === undefined) return false;
    given.job = undefined;
    job.thread = undefined;
    return true;
  }

  #withdrawAll(from = 0): Job[] {
    const unbegun: Job[] = [];
    for (const given of this.#given.slice(from)) {
      const { job } = given;
      if (this.#withdraw(given) && job !== undefined) unbegun.push(job);
    }
    return unbegun;
  }

  #receive(): void {
    for (let received = receiveMessageOnPort(this.#port); received; received = receiveMessageOnPort(this.#port)) {
      this.#take(received.message);
    }
  }

  readonly #onMessage = (reply: WorkerReply): void => {
    this.#take(reply);
    this.#owner.onAnswer();
  };

  readonly #onBrokenMessage = (error: Error): void => {
    const job = this.#next();
    job?.fail(faultOf(error, job.task));
  };

  #take(reply: WorkerReply): void {
    const job = this.#next();
    if (job === undefined || reply === null) return;
    try {
      job.settle(outputOf(reply));
    } catch (error) {
      job.fail(faultOf(error, job.task));
    }
  }

  /** The first has been answered. Before the outcome is told, so that the thread has its next task already. */
  #next(): Job | undefined {
    this.#answers += 1;
    const job = this.#given.shift()?.job;
    job?.end();
    this.#given[0]?.job?.startRunning();
    if (this.hasRoom) this.#owner.onRoom(this);
    return job;
  }

  #end(error: unknown): void {
    const { aborted, reason } = this.#stop;
    this.#isEnding = true;
    const unbegun = this.#withdrawAll();
    if (!aborted) this.#receive();
    const begun = this.#given.find(({ job }) => job !== undefined)?.job;
    this.#given.length = 0;
    this.#port.close();
    this.#owner.onEnd(this);
    this.#owner.onReturn(unbegun);
    begun?.refuse(aborted ? reason : faultOf(error, begun.task));
  }
}
