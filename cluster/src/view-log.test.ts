import { binaryCodec } from '@jaegis/codec';
import { incarnation, nodeId, silentLogger } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { ViewLog } from './view-log.ts';

const subject = 'jaegis.c.view';
const [one, two] = ['n1', 'n2'].map((name) => ({ id: nodeId(name), incarnation: incarnation('1') }));
const { signal } = new AbortController();

async function viewLog() {
  const world = createSimWorld({ seed: 1 });
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const { openJournal } = world.connect('n1');
  const journal = await settled(openJournal({ name: 'VIEW', subjects: [subject], historyPerSubject: 4 }));
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (message: string) => void errors.push(message) };
  const log = new ViewLog({ subject, journal, codec: binaryCodec(), clock: world.clock, random: world.random, logger });
  const spoil = async (bytes: readonly number[]) => {
    const expectedSequence = (await settled(journal.last(subject)))?.sequence ?? 0;
    await settled(journal.append(subject, Uint8Array.from(bytes), { expectedSequence }));
  };
  const join = (member: typeof one) =>
    settled(
      log.change(({ epoch, members }) => ({ epoch: epoch + 1, members: member ? [...members, member] : [] }), signal),
    );
  return { errors, spoil, join, read: () => settled(log.read()) };
}

test.each([
  ['is no value', [1, 2, 3]],
  ['is no view', [...binaryCodec().encode({ epoch: 'x' })]],
  ['is empty', []],
])('a record that %s is passed over, loudly: members stay, others join, and epochs grow', async (_, bytes) => {
  const { errors, spoil, join, read } = await viewLog();
  expect(await join(one)).toEqual({ epoch: 1, members: [one] });
  await spoil(bytes);
  await spoil(bytes);
  expect(await read()).toEqual({ view: { epoch: 3, members: [one] }, sequence: 3 });
  expect(errors).toEqual([expect.stringContaining('cannot be read')]);
  expect(await join(two)).toEqual({ epoch: 4, members: [one, two] });
  expect(await read()).toEqual({ view: { epoch: 4, members: [one, two] }, sequence: 4 });
});

test('where no view is left the cluster begins again, above all epochs that there were', async () => {
  const { spoil, join } = await viewLog();
  await join(one);
  for (let record = 0; record < 4; record++) await spoil([0xff]);
  expect(await join(two)).toEqual({ epoch: 6, members: [two] });
});
