import { realClock } from '@jaegis/node';
import { createPool } from '@jaegis/pool';
import { expect, it, onTestFinished } from 'vitest';
import { GuardedPool, poolPolicyOf } from './guarded-pool.ts';

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
  const { pool, guarded, policy } = start({ breaker: { failures: 1 }, timeoutMs: 50 });
  // Where the time is up before there is a thread, it has not begun, which is another error.
  await pool.run(task('answers'), undefined);
  await expect(guarded.run(task('hangs'), undefined)).rejects.toMatchObject({ code: 'operation_timeout' });
  await expect(guarded.run(task('hangs'), undefined)).rejects.toMatchObject({ code: 'breaker_open' });
  expect(policy.name).toBe('pool');
});

it('what the threads do not know is no failure, and is not repeated', async () => {
  const { guarded, policy } = start({ retry: {}, breaker: { failures: 1 } });
  const unknown = guarded.run(task('unknown'), undefined);
  await expect(unknown).rejects.toMatchObject({ code: 'invalid_definition' });
  expect(policy.inspect().parts).toMatchObject([{ state: { retries: 0 } }, { state: { failures: 0 } }]);
});
