import { realClock } from '@jaegis/node';
import { createPool } from '@jaegis/pool';
import { VirtualClock } from '@jaegis/sim';
import { expect, it, onTestFinished } from 'vitest';
import { GuardedPool, poolPolicyOf } from './guarded-pool.ts';
import { createPolicy } from './policies.ts';

const task = (name: string) => ({ module: new URL('./guarded-pool.test-tasks.ts', import.meta.url).href, name });

function start(options: Parameters<typeof poolPolicyOf>[0]) {
  const pool = createPool({ threads: 1, clock: realClock() });
  onTestFinished(() => pool.close());
  const policy = poolPolicyOf(options);
  return { pool, policy, guarded: new GuardedPool(pool, policy) };
}

it('a task whose thread ends is done in another one', async () => {
  const { guarded } = start({ retry: { backoff: { kind: 'constant', delayMs: 1 } } });
  const times = new Int32Array(new SharedArrayBuffer(4));
  expect(await guarded.run(task('endsItsThreadOnce'), times, { priority: 2, tenant: 'a' })).toBe(2);
});

it('a task that takes longer than its policy allows is stopped, which is a failure', async () => {
  const { pool, guarded, policy } = start({ breaker: { failures: 1 }, timeoutMs: 100 });
  // A thread that is there begins at once; else the time could be up before.
  await pool.run(task('rests'), undefined);
  await expect(guarded.run(task('hangs'), undefined)).rejects.toMatchObject({ code: 'operation_timeout' });
  await expect(guarded.run(task('hangs'), undefined)).rejects.toMatchObject({ code: 'breaker_open' });
  expect(policy.name).toBe('pool');
});

it('a limit of the policy is a failure also where its task has no thread by then, and the pool knows first', async () => {
  const clock = new VirtualClock();
  const pool = createPool({ threads: 1, clock });
  onTestFinished(() => pool.close());
  const options = { breaker: { failures: 1 }, timeoutMs: 50 };
  const policy = createPolicy<unknown>(options, { clock: new VirtualClock() });
  const guarded = new GuardedPool(pool, policy);
  const codes = ['first', 'second'].map((tenant) =>
    guarded.run(task('hangs'), undefined, { tenant }).catch((error: { code: string }) => error.code),
  );
  await clock.advance(50);
  expect(await Promise.all(codes)).toEqual(['operation_timeout', 'operation_timeout']);
  await expect(guarded.run(task('hangs'), undefined)).rejects.toMatchObject({ code: 'breaker_open' });
});

it('a deadline of the caller that passes while the task waits stays a refusal of the pool', async () => {
  const clock = new VirtualClock();
  const pool = createPool({ threads: 1, clock });
  onTestFinished(() => pool.close());
  const guarded = new GuardedPool(pool, createPolicy<unknown>({ timeoutMs: 50 }, { clock: new VirtualClock() }));
  pool.run(task('hangs'), undefined).catch(() => {});
  const waiting = guarded
    .run(task('hangs'), undefined, { deadlineMs: 40 })
    .catch((error: { code: string }) => error.code);
  await clock.advance(40);
  expect(await waiting).toBe('overloaded');
});

it('what the threads do not know is no failure, and is not repeated', async () => {
  const { guarded, policy } = start({ retry: {}, breaker: { failures: 1 } });
  const unknown = guarded.run(task('unknown'), undefined);
  await expect(unknown).rejects.toMatchObject({ code: 'invalid_definition' });
  expect(policy.inspect().parts).toMatchObject([{ state: { retries: 0 } }, { state: { failures: 0 } }]);
});
