import { JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { LinkLostError } from '../connection/link.ts';
import { unavailable, writeError } from './errors.ts';

const purpose = { what: 'append to a.b', data: { subject: 'a.b' } };
const answer = (code: number, err_code: number, description: string) =>
  new JetStreamApiError({ code, err_code, description });
const notServed = Object.assign(new Error('jetstream is not enabled'), { name: 'JetStreamNotEnabled' });

test.each([
  ['the wrong sequence, with the right one', answer(400, 10071, 'wrong last sequence: 5'), 'wrong_sequence'],
  ['another write under way for too long', answer(400, 10164, 'wrong last sequence'), 'storage_unavailable'],
  ['a full stream', answer(503, 10077, 'maximum bytes exceeded'), 'overloaded'],
  ['a full server', answer(503, 10023, 'insufficient resources'), 'overloaded'],
  ['a full account', answer(400, 10002, 'resource limits exceeded for account'), 'overloaded'],
  ['a target that is not of the stream', answer(400, 10190, 'message schedules target is invalid'), 'invalid_timer'],
  ['a failed disk', answer(503, 10077, 'no space left on device'), 'storage_unavailable'],
  ['a cluster without a leader', answer(503, 10008, 'JetStream system temporarily unavailable'), 'storage_unavailable'],
  ['no responders', notServed, 'storage_unavailable'],
  ['a timeout', new errors.TimeoutError(), 'outcome_unknown'],
  ['a lost connection', new LinkLostError('The link is disconnected.'), 'outcome_unknown'],
  ['an error nobody knows', new Error('odd'), 'outcome_unknown'],
  ['data that is too large to send', new errors.InvalidArgumentError('max_payload size exceeded'), 'not_serializable'],
])('a write that meets %s is so', (_, cause, code) => {
  expect(writeError(purpose, cause)).toMatchObject({ code, cause, data: { subject: 'a.b' } });
});

test.each([[answer(404, 10059, 'stream not found')], [notServed], [new errors.TimeoutError()]])(
  'a read that meets %s may be repeated later',
  (cause) => {
    expect(unavailable(purpose, cause)).toMatchObject({ code: 'storage_unavailable', retry: 'later', cause });
  },
);
