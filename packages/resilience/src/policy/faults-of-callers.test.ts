import { type ErrorCode, errorFromData, InvalidMessageError, JaegisError } from '@jaegis/core';
import { expect, test } from 'vitest';
import { errorOf, testWorld } from '../world.test-kit.ts';
import { Policy } from './policy.ts';

const faults: readonly ErrorCode[] = [
  'no_such_actor',
  'not_serializable',
  'invalid_config',
  'invalid_message',
  'invalid_timer',
  'invalid_definition',
  'permission_denied',
];

test.each(faults)('a call that ends with %s is not repeated, and no failure of what is guarded', async (code) => {
  const policy = new Policy({ breaker: { failures: 1 }, retry: { tries: 3 } }, testWorld().services);
  let calls = 0;
  const wrong = () => {
    calls += 1;
    throw new JaegisError(code, 'as the caller said it');
  };
  expect(await errorOf(policy.run(wrong))).toMatchObject({ code });
  expect(calls).toBe(1);
  expect(await policy.run(() => 'done')).toBe('done');
});

test('the same holds for an error that has crossed the wire, and others count as before', async () => {
  const policy = new Policy({ breaker: { failures: 1 } }, testWorld().services);
  const { name, message, code } = new InvalidMessageError('no');
  await errorOf(policy.run(() => Promise.reject(errorFromData({ name, message, code }))));
  expect(await policy.run(() => 'done')).toBe('done');
  await errorOf(policy.run(() => Promise.reject(new JaegisError('actor_stopped', 'gone'))));
  expect(await errorOf(policy.run(() => 'done'))).toMatchObject({ code: 'breaker_open' });
});

test('who says which errors count says it of these too', async () => {
  const policy = new Policy({ breaker: { failures: 1, ignores: () => false } }, testWorld().services);
  await errorOf(policy.run(() => Promise.reject(new InvalidMessageError('no'))));
  expect(await errorOf(policy.run(() => 'done'))).toMatchObject({ code: 'breaker_open' });
});
