/**
 * The owner of an entity is frozen in the midst of a turn until it is replaced, and wakes up. That the checks would find
 * its write is shown on a node which lacks the fence.
 */
import { startNode } from 'jaegis';
import { describe, expect, test } from 'vitest';
import { checkLinearizable } from '../support/linearizability.ts';
import { withServers } from '../support/nats.ts';
import { Client, Record, total } from './clients.ts';
import { members, ownedBy } from './members.ts';
import { type Fence, NodeProcesses } from './node-processes.ts';
import { turnsKept, turnsOf, type WrittenTurn, wrongTurns } from './turn-order.ts';

describe('an owner that wakes up after it was replaced', () => {
  const nats = withServers(1);

  test('is refused when it writes the turn that it was about to, and nothing of it is in the record', async () => {
    const { turns, operations } = await wakeUp('fenced', nats.urls, 'fenced counter/');
    expect(wrongTurns(turns)).toEqual([]);
    expect(checkLinearizable(total, operations)).toEqual({ isLinearizable: true });
    expect(new Set(turns.map(({ node }) => node))).toEqual(new Set(['sleeper', 'heir']));
  });

  test('is found out by the order of the turns and by the history of its clients where the fence is missing', async () => {
    const { turns, operations } = await wakeUp('unfenced', nats.urls, 'written over counter/');
    expect(wrongTurns(turns)).not.toEqual([]);
    expect(checkLinearizable(total, operations)).toMatchObject({ isLinearizable: false });
  });
});

describe('of turns', () => {
  const turn = (number: number, writer: string): WrittenTurn => ({ turn: number, writer, node: `on-${writer}` });

  test.each([
    ['none', [], []],
    ['those of writers one after the other', [turn(1, 'a'), turn(2, 'a'), turn(3, 'b')], []],
    ['one that is missing', [turn(1, 'a'), turn(3, 'a')], ['turn 3 of on-a follows turn 1']],
    ['one that is there twice', [turn(1, 'a'), turn(1, 'b')], ['turn 1 of on-b follows turn 1']],
    [
      'a writer that comes back',
      [turn(1, 'a'), turn(2, 'b'), turn(3, 'a')],
      ['turn 3 is of a writer on on-a that was replaced'],
    ],
  ])('%s: said what is wrong with them', (_, turns, wrong) => {
    expect(wrongTurns(turns)).toEqual(wrong);
  });
});

/** @param said What the node says of the entity once it has tried to write. */
async function wakeUp(fence: Fence, urls: readonly string[], said: string) {
  const cluster = `zombie-${fence}`;
  await using nodes = new NodeProcesses(cluster);
  await nodes.start('sleeper', urls, fence);
  await nodes.start('heir', urls);
  const options = { cluster, nats: [...urls], logLevel: 'silent', threads: 1, history: turnsKept } as const;
  await using client = await startNode({ ...options, name: 'client', role: 'client' });
  await members(client, 'sleeper', 'heir');
  const key = ownedBy(client, 'counter', 'sleeper');
  const record = new Record();
  const [one, other] = ['one', 'other'].map((name) => new Client(client, name, record)) as [Client, Client]; // two
  const work = async () => {
    for (let index = 0; index < 5; index++) await one.add(key, { by: 10 });
  };
  await work();
  const wake = await nodes.alarmClock('sleeper');
  const freezing = other.add(key, { by: 1, freezes: { node: 'sleeper', time: 1 } });
  await nodes.said('sleeper', 'frozen');
  await members(client, 'heir');
  await freezing;
  await work();
  await wake();
  await nodes.said('sleeper', `${said}${key}`);
  await work();
  await one.read(key);
  return { turns: await turnsOf(client, { type: 'counter', key }), operations: record.of(`counter/${key}`) };
}
