/** Messages that JetStream keeps. */
import type { ApiError } from '@nats-io/jetstream';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { type Link, leaveNow } from '../connection/link.ts';
import { answerOf, Requests, type RequestsOptions } from './requests.ts';

/** What JetStream answers to a message that it keeps. */
export interface Appended {
  readonly sequence: number;
  /** It had a message with this id already. */
  readonly isRepeated: boolean;
}

interface Answer {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: ApiError;
}

/** So much is written to the socket at once: the server begins while the others are made. */
const promptBytes = 4 * 1024;

export class Appends {
  readonly #link: Link;
  readonly #requests: Requests<Appended>;
  /** Since the last write that was not left to the end of the turn. */
  #unsentBytes = 0;

  constructor(options: RequestsOptions) {
    this.#link = options.link;
    this.#requests = new Requests(options, appendedOf);
  }

  /** Rejects as {@link Requests.send}, and with JetStreamApiError. */
  append(subject: string, data: Uint8Array, headers: MsgHdrs): Promise<Appended> {
    const appended = this.#requests.send(subject, data, headers);
    this.#unsentBytes += data.length;
    if (this.#unsentBytes >= promptBytes) {
      this.#unsentBytes = 0;
      leaveNow(this.#link.connection);
    }
    return appended;
  }
}

function appendedOf(message: Msg): Appended {
  const { seq, duplicate = false } = answerOf<Answer>(message);
  if (seq === undefined) throw new Error('The answer holds no sequence.');
  return { sequence: seq, isRepeated: duplicate };
}
