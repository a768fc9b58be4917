import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@jaegis/core';
import { folderShelf } from '@jaegis/node';
import type { Dropped } from '@jaegis/resilience';
import { expect, it, onTestFinished } from 'vitest';
import { announcementOf, keepPolicies } from './keep-policies.ts';
import { createPolicy } from './policies.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'jaegis-kept-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const payments = () => createPolicy({ name: 'payments', breaker: { failures: 1, openMs: 600_000 } });

it('policies of a process without a cluster are kept in a folder', async () => {
  const shelf = folderShelf(await folder());
  const first = payments();
  {
    await using _keeper = await keepPolicies([first], { shelf });
    await expect(first.run(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
  }
  const second = payments();
  await using _keeper = await keepPolicies([second], { shelf });
  await expect(second.run(() => 'well')).rejects.toMatchObject({ code: 'breaker_open' });
});

it('what cannot be read is dropped with a word, and the policy works', async () => {
  const path = await folder();
  await writeFile(join(path, 'payments.kept'), 'half of i');
  const dropped: Dropped[] = [];
  const onDropped = (each: Dropped) => dropped.push(each);
  const policy = payments();
  await using _keeper = await keepPolicies([policy], { shelf: folderShelf(path), logger: silentLogger, onDropped });
  expect(await policy.run(() => 'well')).toBe('well');
  expect(dropped.map(announcementOf)).toEqual([
    {
      type: 'policy',
      policy: 'payments',
      part: 'breaker',
      change: 'not_resumed',
      why: 'unreadable',
      error: expect.any(String),
    },
  ]);
});

it.each([
  ['two of one name', () => [payments(), payments()], 'policies'],
  ['one that cannot be kept', () => [payments(), { name: 'own' }], 'policies.1'],
  ['one instead of a list', () => payments(), ''],
])('policies with %s are refused', async (_, policies, path) => {
  const keeping = keepPolicies(policies() as never, { shelf: folderShelf('/nowhere') });
  await expect(keeping).rejects.toMatchObject({ code: 'invalid_config', data: { path } });
});

it.each([
  [undefined, ''],
  [{}, 'shelf'],
  [{ shelf: '/var/lib/shop' }, 'shelf'],
  [{ shelf: folderShelf('/nowhere'), everyMs: 0 }, 'everyMs'],
  [{ shelf: folderShelf('/nowhere'), stale: 5 }, 'stale'],
])('options of %o are refused', async (options, path) => {
  const keeping = keepPolicies([payments()], options as never);
  await expect(keeping).rejects.toMatchObject({ code: 'invalid_config', data: { path } });
});
