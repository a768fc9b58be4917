/** Durable entities under fire: in the long form all faults several times, in an order chosen by the seed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkLinearizable } from '../support/linearizability.ts';
import { account, type Balance, counter, firstBalance, journal } from './app.ts';
import { accounts, counters, total } from './clients.ts';
import { chance, isLong, seed } from './seed.ts';
import { turnsKept, turnsOf, wrongTurns } from './turn-order.ts';
import { type Fault, type Fire, faults, fire } from './under-fire.ts';

const rounds = 2;
const short: readonly Fault[] = [
  'kill a node',
  'freeze an owner',
  'kill server 0',
  'kill server 1',
  'kill server 2',
  'slow a connection',
  'cut a connection',
  'cut clients',
  'freeze server 1',
];

const patient = { timeoutMs: 60_000 };

describe(`seed ${seed}`, () => {
  let burnt: Fire;
  beforeAll(async () => {
    burnt = await fire({
      seed,
      faults: isLong ? Array.from({ length: rounds }, (_, round) => shuffled(faults, `fire/${round}`)).flat() : short,
      progress: isLong ? 300 : 100,
      report: isLong ? (line) => console.log(line) : () => {},
    });
  });
  afterAll(() => burnt?.[Symbol.asyncDispose]());

  test.each(counters)('the history of counter "%s" is linearizable, with what it holds at the end', async (key) => {
    const { record, client } = burnt;
    const output = await client.entity(counter, key).ask({ type: 'read' }, patient);
    const end = { input: 'read', calledAt: record.nextEvent(), answer: { output, at: record.nextEvent() } } as const;
    expect(checkLinearizable(total, [...record.of(`counter/${key}`), end])).toEqual({ isLinearizable: true });
  });

  test('every transfer that was acknowledged is made once, none twice, and the sum is what it was', async () => {
    const { record, client } = burnt;
    const look = (key: string): Promise<Balance> => client.entity(account, key).ask({ type: 'look' }, patient);
    const both = () => Promise.all(accounts.map(look)) as Promise<[Balance, Balance]>; // there are two
    await expect
      .poll(async () => (await both()).reduce((sum, { balance }) => sum + balance, 0), { timeout: 60_000 })
      .toBe(2 * firstBalance);
    const [mine, yours] = await both();
    expect([mine.paidIn, yours.paidIn]).toEqual([yours.paidOut, mine.paidOut]);
    for (const [index, { paidOut: output }] of [mine, yours].entries()) {
      const end = { input: 'read', calledAt: record.nextEvent(), answer: { output, at: record.nextEvent() } } as const;
      const history = [...record.of(`account/${accounts[index]}`), end];
      expect(checkLinearizable(total, history)).toEqual({ isLinearizable: true });
    }
  });

  test('every send that was acknowledged is handled once and in order, none twice', async () => {
    const { record, client } = burnt;
    const read = () => client.entity(journal, 'all').ask({ type: 'read' }, patient);
    const missing = async () => {
      const entries = new Set(await read());
      return record.sent.filter(({ entry, isAcknowledged }) => isAcknowledged && !entries.has(entry));
    };
    await expect.poll(missing, { timeout: 60_000 }).toEqual([]);
    const entries = await read();
    expect(entries).toHaveLength(new Set(entries).size);
    const acknowledged = new Set(record.sent.flatMap(({ entry, isAcknowledged }) => (isAcknowledged ? [entry] : [])));
    const lasts = new Map<string, number>();
    for (const entry of entries.filter((each) => acknowledged.has(each))) {
      const [client = '', number] = entry.split('-');
      expect(Number(number)).toBeGreaterThan(lasts.get(client) ?? 0);
      lasts.set(client, Number(number));
    }
  });

  test('the turns of every entity follow each other, and no writer comes back that was replaced', async () => {
    const { record, client } = burnt;
    const entities = [...[...record.operations.keys()].map((name) => name.split('/')), ['journal', 'all']];
    for (const [type = '', key = ''] of entities) {
      const turns = await turnsOf(client, { type, key });
      expect(turns.length).toBeLessThan(turnsKept);
      expect(wrongTurns(turns)).toEqual([]);
    }
  });

  test('there was something to check', () => {
    const { record } = burnt;
    expect(record.acknowledged).toBeGreaterThan(isLong ? 10_000 : 1_000);
    expect(record.sent.length).toBeGreaterThan(50);
    if (isLong) console.log(`${record.acknowledged} operations; on the way: ${JSON.stringify([...record.errors])}`);
  });
});

function shuffled<Item>(list: readonly Item[], by: string): Item[] {
  const random = chance(by);
  const keyed = list.map((item) => ({ item, key: random.next() }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}
