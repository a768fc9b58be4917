import { expect, it } from 'vitest';
import { processes } from './entrants.ts';
import { openLineSession } from './line-session.ts';
import { type Figures, PeerAbsentError } from './session.ts';

const module = new URL('line-session.test-workloads.ts', import.meta.url).href;

async function withSession<T>(
  workload: string,
  use: (round: (size: number) => Promise<Figures>) => T,
): Promise<Awaited<T>> {
  const session = await processes.lasting(module, workload, 1).open();
  try {
    return await use(async (size) => session.round(size));
  } finally {
    await session.close?.();
  }
}

it('does its rounds in one process, in the size that it is told', async () => {
  expect(await withSession('double', async (round) => [await round(21), await round(4)])).toEqual([42, 8]);
  expect(await withSession('count', async (round) => [await round(1), await round(1)])).toEqual([1, 2]);
});

it('does each round in a new process where that is asked for', async () => {
  const session = await processes.fresh(module, 'count', 1).open();
  expect([await session.round(1), await session.round(1)]).toEqual([1, 1]);
});

it('tells what a round threw, and goes on', async () => {
  await withSession('fail', async (round) => {
    await expect(round(1)).rejects.toThrow('TypeError: not today');
    await expect(round(1)).rejects.toThrow('TypeError: not today');
  });
});

it('tells when the process ends in a round', async () => {
  await withSession('die', (round) => expect(round(1)).rejects.toThrow('ended (3)'));
});

it.each([
  ['broken', 'cannot begin'],
  ['missing', 'There is no workload "missing"'],
  ['chatty', 'No answer can be made of the line "hello"'],
])('does not open for the workload "%s" and says why', async (workload, message) => {
  await expect(processes.lasting(module, workload, 1).open()).rejects.toThrow(message);
});

it('says that a command is absent', async () => {
  await expect(openLineSession('no-such-command-here', [])).rejects.toThrow(PeerAbsentError);
});
