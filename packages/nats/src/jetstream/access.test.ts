import type { Clock, Timer } from '@jaegis/core';
import { JetStreamApiError } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { write } from './access.ts';

const purpose = { what: 'append to a.b', data: {} };
const link = { assertConnected: () => {}, orLost: <Answer>(answer: Promise<Answer>) => answer };
const notServed = () => Object.assign(new Error('jetstream is not enabled'), { name: 'JetStreamNotEnabled' });
const undecided = () =>
  new JetStreamApiError({ code: 400, err_code: 10164, description: 'wrong last sequence: unknown' });

/** Time passes only while somebody sleeps. */
function sleepyClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    monotonic: () => nowMs,
    setTimer: (ms, fire) => {
      nowMs += ms;
      queueMicrotask(fire);
      return {} as Timer; // opaque
    },
    clearTimer: () => {},
  };
}

/** Fails so many times before it answers. */
function failing(times: number, error: () => Error) {
  let sent = 0;
  const send = async () => {
    if (sent++ < times) throw error();
    return 'written';
  };
  return { send, sent: () => sent };
}

test.each([
  ['nobody serves', notServed],
  ['JetStream did not decide on', undecided],
])('a write that %s is sent again until it is served', async (_, error) => {
  const { send, sent } = failing(5, error);
  await expect(write({ link, clock: sleepyClock(), timeoutMs: 5_000 }, purpose, send)).resolves.toBe('written');
  expect(sent()).toBe(6);
});

test('a write that nobody serves in its time was not written', async () => {
  const { send } = failing(Number.POSITIVE_INFINITY, notServed);
  const writing = write({ link, clock: sleepyClock(), timeoutMs: 5_000 }, purpose, send);
  await expect(writing).rejects.toMatchObject({ code: 'storage_unavailable' });
});

test('a write of unknown outcome is not sent again', async () => {
  const { send, sent } = failing(1, () => new Error('odd'));
  const writing = write({ link, clock: sleepyClock(), timeoutMs: 5_000 }, purpose, send);
  await expect(writing).rejects.toMatchObject({ code: 'outcome_unknown' });
  expect(sent()).toBe(1);
});
