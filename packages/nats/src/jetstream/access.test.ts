import { type Clock, Slots, type Timer } from '@jaegis/core';
import { JetStreamApiError } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { read, write } from './access.ts';

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

test('so many reads are under way at once, and the others follow', async () => {
  const open: (() => void)[] = [];
  const send = () => new Promise<string>((resolve) => open.push(() => resolve('read')));
  const access = { link, reads: new Slots(2) };
  const reading = [1, 2, 3, 4, 5].map(() => read(access, purpose, send));
  expect(open).toHaveLength(2);
  for (let done = 0; done < 5; done++) {
    expect(open.length - done).toBeLessThanOrEqual(2);
    open[done]?.();
    await reading[done];
  }
  await expect(Promise.all(reading)).resolves.toHaveLength(5);
});

test('a read that waited until the connection was lost is not sent', async () => {
  let isConnected = true;
  const lost = () => {
    if (!isConnected) throw new Error('lost');
  };
  const { promise, reject } = Promise.withResolvers<string>();
  let sent = 0;
  const send = () => {
    sent++;
    return promise;
  };
  const access = { link: { ...link, assertConnected: lost }, reads: new Slots(1) };
  const reading = [1, 2].map(() => read(access, purpose, send).catch(({ code }) => code));
  isConnected = false;
  reject(new Error('lost'));
  expect(await Promise.all(reading)).toEqual(['storage_unavailable', 'storage_unavailable']);
  expect(sent).toBe(1);
});
