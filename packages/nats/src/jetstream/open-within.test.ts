import type { Clock, Timer } from '@jaegis/core';
import { JetStreamApiError } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import type { JetStreamAccess } from './access.ts';
import { openWithin } from './open-within.ts';

/** Time passes only while somebody sleeps. */
function access(): JetStreamAccess {
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    setTimer: (ms, fire) => {
      nowMs += ms;
      queueMicrotask(fire);
      return {} as Timer; // opaque
    },
    clearTimer: () => {},
  };
  const link = { assertOpen: () => {}, orLost: <Answer>(answer: Promise<Answer>) => answer };
  return { clock, link } as unknown as JetStreamAccess; // all that opening uses
}

const refusal = (code: number, description: string) =>
  new JetStreamApiError({ code: 400, err_code: code, description });

function failing(times: number, error: Error) {
  let tries = 0;
  const open = async () => {
    if (tries++ < times) throw error;
  };
  return { open, tries: () => tries };
}

test('a stream for which a server is missing at the moment is asked for again', async () => {
  const { open, tries } = failing(3, refusal(10005, 'no suitable peers for placement, peer offline'));
  await openWithin(access(), { name: 'journal x' }, open);
  expect(tries()).toBe(4);
});

test('a stream for which a server stays away is storage that is unavailable, not a bad option', async () => {
  const { open } = failing(Number.POSITIVE_INFINITY, refusal(10005, 'no suitable peers for placement, peer offline'));
  await expect(openWithin(access(), { name: 'journal x' }, open)).rejects.toMatchObject({
    code: 'storage_unavailable',
  });
});

test('options that no server takes are refused at once', async () => {
  const { open, tries } = failing(9, refusal(10005, 'no suitable peers for placement, insufficient storage'));
  await expect(openWithin(access(), { name: 'journal x' }, open)).rejects.toMatchObject({ code: 'invalid_config' });
  expect(tries()).toBe(1);
});
