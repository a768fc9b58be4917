/** What becomes of an entity whose records were damaged: it goes on from the last good one, loudly, and harms nobody. */
import { type ActorDefinition, decodeTurn, defineActor, type Protocol } from '@jaegis/actors';
import { type ClusterNode, ownerOf } from '@jaegis/cluster';
import { jsonCodec } from '@jaegis/codec';
import { crc32 } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }) => ({
      state: { total: state.total + message.by },
      reply: state.total + message.by,
    }),
    /** Also counts on another. */
    pass: (state, message: { to: string }, context) => {
      context.send(context.entity(counter, message.to), { type: 'add', by: 1 });
      return { state: { total: state.total + 1 }, reply: true };
    },
    remind: (_state, _message, context) => {
      context.schedule('later', { afterMs: 60_000 }, { type: 'add', by: 100 });
      return { reply: true };
    },
    forget: (_state, _message, context) => {
      context.unschedule('later');
      return { reply: true };
    },
  },
});
const entities = [counter] as unknown as ActorDefinition<Protocol>[]; // of any protocol: the list is for the runtime

const damages: readonly (readonly [string, (data: Uint8Array) => Uint8Array])[] = [
  ['with a flipped bit', (data) => data.with(data.length - 3, (data.at(-3) ?? 0) ^ 4)],
  ['with a flipped bit in its checksum', (data) => data.with(3, (data[3] ?? 0) ^ 1)],
  ['cut short', (data) => data.slice(0, data.length - 5)],
  ['cut to nothing', () => new Uint8Array()],
  ['of other bytes', () => new TextEncoder().encode('not a turn at all')],
];

async function start() {
  const { world, node } = simCluster(1, entities);
  const nodes = new Map<string, ClusterNode>();
  for (const name of ['n1', 'n2']) nodes.set(name, await node(name));
  const client = await node('c', 'client');
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const events: unknown[] = [];
  client.events.subscribe((event) => events.push(event));
  const journal = await settled(
    world.connect('reader').openJournal({ name: 'TURNS', subjects: ['jaegis.sim.turn.>'], historyPerSubject: 10_000 }),
  );
  const ref = (key: string) => client.entity(counter, key);
  const add = (key: string) => settled(ref(key).ask({ type: 'add', by: 1 }, { timeoutMs: 30_000 }));
  const subject = (key: string) => client.turnSubject(ref(key).entity);
  const last = (key: string) => settled(journal.last(subject(key)));
  /** Appends a damaged copy of the newest record: as if that one had been written and had then been damaged. */
  const damage = async (key: string, how: (data: Uint8Array) => Uint8Array) => {
    const record = await last(key);
    if (!record) throw new Error('nothing was written');
    await settled(journal.append(record.subject, how(record.data), { expectedSequence: record.sequence }));
  };
  const crashOwner = (key: string) => world.network.crash(String(ownerOf(ref(key).entity, client.membership.view)?.id));
  return { world, settled, client, nodes, ref, add, damage, crashOwner, events, last, journal, subject };
}

describe.each(damages)('a newest record %s', (_, how) => {
  it('is put aside, said, kept, and its entity goes on from the one before', async () => {
    const { world, add, damage, crashOwner, events, last, journal, subject, settled } = await start();
    await add('a');
    await add('a');
    await add('b');
    await damage('a', how);
    crashOwner('a');
    expect(await add('a')).toBe(3);
    expect(await add('a')).toBe(4);
    expect(await add('b')).toBe(2);
    await world.clock.advance(100);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'turns_quarantined',
        entity: 'counter/a',
        turn: 2,
        errors: [expect.objectContaining({ code: 'corrupt_record', data: expect.objectContaining({ sequence: 4 }) })],
      }),
    );
    const newest = await last('a');
    expect(newest && decodeTurn(jsonCodec(), newest).deadLetters).toMatchObject([{ id: 'turn@4' }]);
    const kept: number[] = [];
    await settled(
      (async () => {
        for await (const { sequence } of journal.history(subject('a'))) kept.push(sequence);
      })(),
    );
    expect(kept).toContain(4);
  });
});

describe('an entity whose newest turn is lost', () => {
  it('gives no number of a message again, so that receivers take what it sends then', async () => {
    const { add, damage, crashOwner, settled, ref, world } = await start();
    const patient = { timeoutMs: 30_000 };
    await settled(ref('a').ask({ type: 'pass', to: 'z' }));
    await settled(ref('a').ask({ type: 'pass', to: 'z' }));
    await world.clock.advance(1_000);
    await damage('a', () => new Uint8Array([1]));
    crashOwner('a');
    await settled(ref('a').ask({ type: 'pass', to: 'z' }, patient));
    await world.clock.advance(10_000);
    expect(await add('z')).toBe(4);
  });

  it('keeps the timers that it had', async () => {
    const { world, add, damage, crashOwner, settled, ref } = await start();
    await settled(ref('a').ask({ type: 'remind' }));
    await damage('a', () => new Uint8Array([1]));
    crashOwner('a');
    expect(await add('a')).toBe(1);
    await world.clock.advance(120_000);
    expect(await add('a')).toBe(102);
  });

  it('is found out by its owner where the record is missing, and said and kept as where it is damaged', async () => {
    const { add, settled, journal, subject, world, events, last } = await start();
    await add('a');
    await add('a');
    const missing = (await settled(journal.last(subject('a'))))?.sequence;
    world.storage.forgetLast('TURNS', subject('a'));
    await expect(add('a')).rejects.toMatchObject({ code: 'corrupt_record', data: { sequence: missing } });
    expect(await add('a')).toBe(2);
    await world.clock.advance(100);
    const lost = expect.objectContaining({ code: 'corrupt_record', data: expect.objectContaining({ turn: 2 }) });
    expect(events).toContainEqual(expect.objectContaining({ type: 'turns_quarantined', turn: 1, errors: [lost] }));
    const newest = await last('a');
    expect(newest && decodeTurn(jsonCodec(), newest).deadLetters).toMatchObject([{ id: `turn@${missing}` }]);
    await add('a');
    expect(events.filter((event) => (event as { type: string }).type === 'turns_quarantined')).toHaveLength(1);
  });

  it('gives no number of a message again where several records are missing', async () => {
    const { add, settled, subject, world, ref } = await start();
    const pass = () => settled(ref('a').ask({ type: 'pass', to: 'z' }));
    await pass();
    await pass();
    await pass();
    await world.clock.advance(1_000);
    for (const _ of [1, 2]) world.storage.forgetLast('TURNS', subject('a'));
    await expect(pass()).rejects.toMatchObject({ code: 'corrupt_record' });
    await pass();
    await world.clock.advance(10_000);
    expect(await add('z')).toBe(5);
  });

  it('keeps the timers that it had where the record that took them back is missing', async () => {
    const { add, settled, subject, world, ref } = await start();
    await settled(ref('a').ask({ type: 'remind' }));
    await settled(ref('a').ask({ type: 'forget' }));
    world.storage.forgetLast('TURNS', subject('a'));
    await expect(add('a')).rejects.toMatchObject({ code: 'corrupt_record' });
    expect(await add('a')).toBe(1);
    await world.clock.advance(120_000);
    expect(await add('a')).toBe(102);
  });

  it('still knows so when it has left memory before it wrote its next turn', async () => {
    const { add, settled, subject, world, ref } = await start();
    await settled(ref('a').ask({ type: 'pass', to: 'z' }));
    await settled(ref('a').ask({ type: 'pass', to: 'z' }));
    await world.clock.advance(1_000);
    world.storage.forgetLast('TURNS', subject('a'));
    await expect(add('a')).rejects.toMatchObject({ code: 'corrupt_record' });
    await world.clock.advance(300_000);
    await settled(ref('a').ask({ type: 'pass', to: 'z' }));
    await world.clock.advance(10_000);
    expect(await add('z')).toBe(4);
  });

  it('is not begun anew by its owner where all its records are missing', async () => {
    const { add, settled, journal, subject, world } = await start();
    await add('a');
    world.storage.forgetLast('TURNS', subject('a'));
    await expect(add('a')).rejects.toMatchObject({ code: 'corrupt_record' });
    await expect(add('a')).rejects.toBeDefined();
    expect(await settled(journal.last(subject('a')))).toBeUndefined();
  });
});

it('an entity none of whose records can be read is not begun anew', async () => {
  const { settled, ref, journal, subject, add } = await start();
  await settled(journal.append(subject('a'), new Uint8Array([1, 2, 3]), { expectedSequence: 0 }));
  await expect(settled(ref('a').ask({ type: 'add', by: 1 }))).rejects.toBeDefined();
  expect((await settled(journal.last(subject('a'))))?.sequence).toBe(1);
  expect(await add('b')).toBe(1);
});

it('a record of a newer version is neither read nor written over', async () => {
  const { settled, ref, journal, subject, add, last, crashOwner } = await start();
  await add('a');
  const record = await last('a');
  const newer = record?.data.with(1, 3) ?? new Uint8Array();
  new DataView(newer.buffer).setUint32(2, crc32(newer.subarray(6)) ^ 3);
  await settled(journal.append(subject('a'), newer, { expectedSequence: record?.sequence ?? 0 }));
  crashOwner('a');
  await expect(settled(ref('a').ask({ type: 'add', by: 1 }, { timeoutMs: 20_000 }))).rejects.toMatchObject({
    code: 'migration_refused',
  });
  expect((await last('a'))?.data[1]).toBe(3);
});
