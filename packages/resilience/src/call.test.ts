import { OperationTimeoutError } from '@jaegis/core';
import { expect, it } from 'vitest';
import { Call } from './call.ts';

const nothing = () => undefined;

it('a fork has what its call has, and ends with it', () => {
  const call = new Call(nothing, { deadlineMs: 50, priority: 2, tenant: 'a' });
  call.attempt = 3;
  const fork = call.fork();
  expect(fork).toMatchObject({ operation: nothing, attempt: 3, deadlineMs: 50, priority: 2, tenant: 'a' });
  call.abort('enough');
  expect([fork.isAborted, fork.reason, fork.signal.aborted, fork.signal.reason]).toEqual([
    true,
    'enough',
    true,
    'enough',
  ]);
});

it('a fork that ends does not end its call', () => {
  const call = new Call(nothing);
  const { signal } = call;
  call.fork().abort('enough');
  expect([call.isAborted, signal.aborted]).toEqual([false, false]);
});

it('the caller’s signal ends it, also where it aborted before anybody listened', () => {
  const caller = new AbortController();
  const fork = new Call(nothing, { signal: caller.signal }).fork();
  caller.abort('enough');
  let told = 0;
  fork.onAbort(() => (told += 1));
  expect([fork.isAborted, fork.reason, told]).toEqual([true, 'enough', 1]);
});

it('a listener is told once, and not after it was taken back', () => {
  const caller = new AbortController();
  const call = new Call(nothing, { signal: caller.signal });
  const told: string[] = [];
  call.onAbort(() => told.push('kept'));
  call.onAbort(() => told.push('taken back'))();
  caller.abort();
  call.abort('again');
  expect(told).toEqual(['kept']);
});

it('settled, it listens to nothing any more', () => {
  const caller = new AbortController();
  const call = new Call(nothing, { signal: caller.signal });
  let told = 0;
  call.onAbort(() => (told += 1));
  call.settle();
  caller.abort();
  expect(told).toBe(0);
});

it('a call that is cancelled and its forks end with one error; one that a timeout ends, with that of the timeout', () => {
  const call = new Call(nothing);
  const fork = call.fork();
  call.abort('enough');
  expect(fork.endedBy).toMatchObject({ code: 'cancelled', cause: 'enough' });
  expect(fork.endedBy).toBe(call.endedBy);
  const timeout = new OperationTimeoutError('late');
  const other = new Call(nothing);
  other.abort(timeout);
  expect(other.fork().endedBy).toBe(timeout);
});
