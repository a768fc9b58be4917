/** One record of a stream from its leader: STREAM.MSG.GET, without headers. */
import type { JournalRecord } from '@jaegis/core';
import {
  type ApiError,
  JetStreamApiCodes,
  JetStreamApiError,
  type LastForMsgRequest,
  type NextMsgRequest,
  type SeqMsgRequest,
} from '@nats-io/jetstream';
import type { Msg } from '@nats-io/transport-node';
import { plainBytes } from '../plain-bytes.ts';
import { answerOf, Requests, type RequestsOptions } from './requests.ts';

/** nats.js does not name the first in the type of its request: `seq` alone is any subject. */
export type GetQuery = (NextMsgRequest & SeqMsgRequest) | LastForMsgRequest;

interface Answer {
  readonly message?: {
    readonly subject: string;
    readonly seq: number;
    /** In base64; none where there are no bytes. */
    readonly data?: string;
    readonly time: string;
  };
  readonly error?: ApiError;
}

export class Gets {
  readonly #requests: Requests<JournalRecord | undefined>;

  constructor(options: RequestsOptions) {
    this.#requests = new Requests(options, recordOf);
  }

  /** Undefined where there is none. Rejects as {@link Requests.send}, and with JetStreamApiError. */
  get(stream: string, query: GetQuery): Promise<JournalRecord | undefined> {
    return this.#requests.send(`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify(query));
  }
}

function recordOf(message: Msg): JournalRecord | undefined {
  const found = messageOf(message);
  if (found === undefined) return undefined;
  const { subject, seq, data = '', time } = found;
  return { subject, sequence: seq, data: plainBytes(Buffer.from(data, 'base64')), timeMs: Date.parse(time) };
}

function messageOf(answer: Msg): Answer['message'] {
  try {
    const { message } = answerOf<Answer>(answer);
    if (message === undefined) throw new Error('The answer holds no message.');
    return message;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.NoMessageFound) return undefined;
    throw error;
  }
}
