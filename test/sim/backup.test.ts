/** Exports, imports, backups and restores on a virtual clock: what comes over, what does not, and what is refused. */
import { type ActorDefinition, defineActor, encodeTurn, type Protocol } from '@jaegis/actors';
import {
  backup,
  exportEntity,
  historyOf,
  importEntity,
  inboxSubjects,
  restore,
  type StatePorts,
} from '@jaegis/cluster';
import { jsonCodec } from '@jaegis/codec';
import { type EntityId, silentLogger, type TurnRecord } from '@jaegis/core';
import { sha256 } from '@jaegis/node';
import { SimArchive } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { simCluster } from '../support/sim-cluster.ts';

const log = defineActor('log', {
  state: () => ({ items: [] as number[] }),
  on: {
    add: (state, message: { item: number }) => ({ state: { items: [...state.items, message.item] }, reply: true }),
    items: (state) => ({ reply: state.items }),
    remind: (_state, message: { item: number; afterMs: number }, context) => {
      context.schedule(`item-${message.item}`, { afterMs: message.afterMs }, { type: 'add', item: message.item });
      return { reply: true };
    },
    pass: (_state, message: { to: string; item: number }, context) => {
      context.send(context.entity(log as never, message.to), { type: 'add', item: message.item } as never);
      return { reply: true };
    },
  },
});

async function start(seed = 1) {
  // A definition of any protocol: the list is for the runtime.
  const { world, node } = simCluster(seed, [log] as unknown as ActorDefinition<Protocol>[]);
  const settled = <T>(promise: Promise<T>) => world.clock.runUntilSettled(promise);
  const client = await node('c', 'client');
  const connection = world.connect('tool');
  const subjects = ['jaegis.sim.turn.>'];
  const ports: StatePorts = {
    cluster: 'sim',
    turnJournal: await settled(connection.openJournal({ name: 'TURNS', subjects, historyPerSubject: 10_000 })),
    inbox: await settled(connection.openInbox({ name: 'INBOX', subjects: inboxSubjects('sim') })),
    codec: jsonCodec(),
    clock: world.clock,
    random: world.random.fork('tool'),
    logger: silentLogger,
    digest: sha256,
    node: 'tool',
  };
  const ref = (key: string) => client.entity(log, key);
  const items = (key: string) => settled(ref(key).ask({ type: 'items' }, { timeoutMs: 30_000 }));
  const becomes = async (key: string, expected: readonly number[]) => {
    while (JSON.stringify(await items(key)) !== JSON.stringify(expected)) await world.clock.advance(10);
  };
  const add = (key: string, item: number) => settled(ref(key).ask({ type: 'add', item }));
  const turns = async (entity: EntityId) => {
    const all: number[] = [];
    for await (const { turn } of historyOf(ports, entity)) all.push(turn);
    return all;
  };
  return { world, node, client, ports, settled, ref, items, becomes, add, turns: (id: EntityId) => settled(turns(id)) };
}

describe('an exported entity', () => {
  it('goes on in another cluster with its state, its timers and what it had consumed', async () => {
    const a = await start();
    await a.node('n1');
    // So that its position in the inbox is beyond all that the other cluster's inbox has.
    for (let item = 1; item <= 20; item++) await a.settled(a.ref('w').send({ type: 'add', item }));
    await a.settled(a.ref('x').send({ type: 'add', item: 1 }));
    await a.becomes('x', [1]);
    await a.settled(a.ref('x').ask({ type: 'add', item: 2 }, { idempotencyKey: 'second' }));
    await a.settled(a.ref('x').ask({ type: 'remind', item: 3, afterMs: 5_000 }));
    const document = await a.settled(exportEntity(a.ports, a.ref('x').entity));
    const b = await start(2);
    await b.node('n1');
    expect(await b.settled(importEntity(b.ports, document))).toMatchObject({ turn: 4, timers: 1, outbox: 0 });
    await b.settled(b.ref('x').ask({ type: 'add', item: 2 }, { idempotencyKey: 'second' }));
    expect(await b.items('x')).toEqual([1, 2]);
    await b.world.clock.advance(6_000);
    await b.becomes('x', [1, 2, 3]);
    await b.settled(b.ref('x').send({ type: 'add', item: 4 }));
    await b.becomes('x', [1, 2, 3, 4]);
  });

  it('is not imported over one that is there, unless that is to be replaced', async () => {
    const { node, ports, settled, add, items, ref } = await start();
    await node('n1');
    await add('x', 1);
    const document = await settled(exportEntity(ports, ref('x').entity));
    await add('x', 2);
    await expect(settled(importEntity(ports, document))).rejects.toMatchObject({
      code: 'already_exists',
      data: { entity: 'log/x', turn: 2 },
    });
    expect(await items('x')).toEqual([1, 2]);
    expect(await settled(importEntity(ports, document, { replace: true }))).toMatchObject({ turn: 3 });
    await add('x', 3);
    expect(await items('x')).toEqual([1, 3]);
  });

  it('that replaces an active one fences its owner, which goes on from the import', async () => {
    const { node, ports, settled, add, items, ref, turns } = await start();
    await node('n1');
    await add('x', 1);
    const document = await settled(exportEntity(ports, ref('x').entity));
    await add('x', 2);
    const [report] = await settled(
      Promise.all([
        importEntity(ports, document, { replace: true }),
        ...[3, 4, 5].map((item) => ref('x').ask({ type: 'add', item })),
      ]),
    );
    await add('x', 6);
    const kept = await turns(ref('x').entity);
    expect(kept).toEqual(kept.map((_, index) => index + 1));
    expect(report.turn).toBeLessThanOrEqual(kept.length);
    const all = await items('x');
    expect(all[0]).toBe(1);
    expect(all.at(-1)).toBe(6);
    expect(all).not.toContain(2);
  });

  it('gives no number twice to what it sends after it was replaced by an older state', async () => {
    const { node, ports, settled, ref, becomes, add } = await start();
    await node('n1');
    await add('x', 0);
    const document = await settled(exportEntity(ports, ref('x').entity));
    await settled(ref('x').ask({ type: 'pass', to: 'y', item: 1 }));
    await becomes('y', [1]);
    await settled(importEntity(ports, document, { replace: true }));
    await settled(ref('x').ask({ type: 'pass', to: 'y', item: 2 }));
    await becomes('y', [1, 2]);
  });

  it('may come under another name, without what the original still sends', async () => {
    const { world, ports, node, settled, items, ref, add } = await start();
    await node('n1');
    await add('x', 1);
    const document = await settled(exportEntity(ports, ref('x').entity));
    const report = await settled(importEntity(ports, document, { as: { type: 'log', key: 'copy' } }));
    expect(report).toMatchObject({ entity: { type: 'log', key: 'copy' }, outbox: 0 });
    expect([await items('copy'), await items('x')]).toEqual([[1], [1]]);
    expect(world.clock.monotonic()).toBeGreaterThan(0);
  });

  it('is refused at every flipped byte, and nothing is written', async () => {
    const { node, ports, settled, ref, add, turns } = await start();
    await node('n1');
    await add('x', 1);
    const document = await settled(exportEntity(ports, ref('x').entity));
    for (let at = 0; at < document.length; at++) {
      const flipped = document.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const refused = settled(importEntity(ports, flipped, { as: { type: 'log', key: 'copy' } }));
      const code = await refused.then(
        () => 'imported',
        (error) => error.code,
      );
      expect(['corrupt_record', 'migration_refused']).toContain(code);
    }
    expect(await turns({ type: 'log', key: 'copy' })).toEqual([]);
  });

  it('that has no record cannot be exported', async () => {
    const { ports, settled } = await start();
    const nobody = settled(exportEntity(ports, { type: 'log', key: 'nobody' }));
    await expect(nobody).rejects.toMatchObject({ code: 'no_such_actor' });
  });
});

const emptyTurn: TurnRecord = {
  turn: 1,
  writer: 'w',
  node: 'n1',
  state: { items: [] },
  version: 1,
  handled: [],
  consumed: [],
  sent: [],
  outbox: [],
  nextOut: 1,
  seen: {},
  inbox: { upTo: 0, ahead: [] },
  timers: [],
  answered: [],
  deadLetters: [],
  busy: false,
};

/** A cluster with two entities, one of which waits for a timer, and messages in inboxes that nobody took. */
async function filled() {
  const a = await start();
  const n1 = await a.node('n1');
  for (const item of [1, 2]) await a.settled(a.ref('x').send({ type: 'add', item }));
  await a.becomes('x', [1, 2]);
  await a.add('y', 1);
  await a.settled(a.ref('x').ask({ type: 'remind', item: 9, afterMs: 5_000 }));
  await a.settled(n1.stop());
  await a.settled(a.ref('x').send({ type: 'add', item: 3 }));
  await a.settled(a.ref('z').send({ type: 'add', item: 1 }));
  const archive = new SimArchive();
  const report = await a.settled(backup(a.ports, archive));
  return { ...a, archive, report };
}

describe('a backup', () => {
  it('is restored with states, messages that were not consumed, and timers that fire afterwards', async () => {
    const { archive, report } = await filled();
    expect(report).toMatchObject({ cluster: 'sim', entities: 2 });
    const b = await start(2);
    const restored = await b.settled(restore(b.ports, archive));
    expect(restored).toMatchObject({ of: 'sim', entities: 2, timers: 1, messages: 2 });
    await b.node('n1');
    await b.becomes('x', [1, 2, 3]);
    await b.becomes('z', [1]);
    expect(await b.items('y')).toEqual([1]);
    await b.world.clock.advance(6_000);
    await b.becomes('x', [1, 2, 3, 9]);
  });

  it('does not bring back a message that was consumed while it was taken', async () => {
    const a = await start();
    await a.settled(a.ref('x').send({ type: 'add', item: 1 }));
    const { promise: consumed, resolve } = Promise.withResolvers<void>();
    const { turnJournal } = a.ports;
    const late: StatePorts['turnJournal'] = {
      historyPerSubject: turnJournal.historyPerSubject,
      append: (subject, data, options) => turnJournal.append(subject, data, options),
      last: (subject) => turnJournal.last(subject),
      history: (...range) => turnJournal.history(...range),
      subjects: async (filter) => {
        await consumed;
        return turnJournal.subjects(filter);
      },
    };
    const archive = new SimArchive();
    const taken = backup({ ...a.ports, turnJournal: late }, archive);
    await a.node('n1');
    await a.becomes('x', [1]);
    resolve();
    expect((await a.settled(taken)).files).toMatchObject([{ name: 'inbox.bin', records: 1 }, { name: 'turns.bin' }]);
    const b = await start(2);
    expect(await b.settled(restore(b.ports, archive))).toMatchObject({ messages: 0 });
    await b.node('n1');
    expect(await b.items('x')).toEqual([1]);
  });

  it('holds the last turn of an entity whose records were dropped while they were read', async () => {
    const a = await start();
    const options = { name: 'SMALL', subjects: ['small.>', 'jaegis.sim.turn.>'], historyPerSubject: 2 };
    const inner = await a.settled(a.world.connect('small').openJournal(options));
    const last = new Map<string, number>();
    const write = async (key: string, turn: number) => {
      const subject = `jaegis.sim.turn.1.log.${key}`;
      const data = encodeTurn(a.ports.codec, { ...emptyTurn, turn });
      last.set(key, await inner.append(subject, data, { expectedSequence: last.get(key) ?? 0 }));
    };
    const writeAll = async () => {
      await write('x', 1);
      await write('y', 1);
      await write('x', 2);
    };
    await a.settled(writeAll());
    let reads = 0;
    const turnJournal: StatePorts['turnJournal'] = {
      historyPerSubject: inner.historyPerSubject,
      append: (subject, data, more) => inner.append(subject, data, more),
      last: (subject) => inner.last(subject),
      subjects: (filter) => inner.subjects(filter),
      // One request for each record, as on a server: what is dropped meanwhile is not given.
      async *history(filter, after) {
        const present: number[] = [];
        for await (const { sequence } of inner.history(filter, after)) present.push(sequence);
        for (const wanted of present) {
          for await (const record of inner.history(filter, wanted - 1)) {
            if (record.sequence === wanted) yield record;
            break;
          }
          if (++reads === 1) for (const turn of [3, 4]) await write('x', turn);
        }
      },
    };
    const archive = new SimArchive();
    const report = await a.settled(backup({ ...a.ports, turnJournal }, archive));
    expect(report.entities).toBe(2);
    const b = await start(2);
    await b.settled(restore(b.ports, archive));
    expect((await b.turns({ type: 'log', key: 'x' })).at(-1)).toBe(4);
  });

  it('takes place in an empty place only', async () => {
    const { ports, settled, archive } = await filled();
    await expect(settled(backup(ports, archive))).rejects.toMatchObject({ code: 'already_exists' });
  });

  it('is not restored into a cluster that holds something', async () => {
    const { ports, settled, archive, turns, ref } = await filled();
    const before = await turns(ref('x').entity);
    await expect(settled(restore(ports, archive))).rejects.toMatchObject({ code: 'already_exists' });
    expect(await turns(ref('x').entity)).toEqual(before);
    const b = await start(2);
    await b.settled(b.ref('q').send({ type: 'add', item: 1 }));
    await expect(b.settled(restore(b.ports, archive))).rejects.toMatchObject({ code: 'already_exists' });
  });

  it.each(['manifest.json', 'turns.bin', 'inbox.bin'])(
    'with any flipped bit in %s is refused with the name of the file, and nothing is written',
    async (file) => {
      const { archive } = await filled();
      const { ports, settled } = await start(2);
      const chunks = archive.files.get(file) ?? [];
      expect(chunks.length).toBeGreaterThan(0);
      const places = chunks.flatMap((chunk) => Array.from(chunk, (_, at) => ({ chunk, at })));
      for (const { chunk, at } of places.filter((_, index) => index % 7 === 0)) {
        chunk[at] = (chunk[at] ?? 0) ^ 4;
        const error = await settled(restore(ports, archive)).catch((refusal) => refusal);
        expect(['corrupt_record', 'migration_refused']).toContain(error.code);
        expect(error.data.file).toBe(file);
        chunk[at] = (chunk[at] ?? 0) ^ 4;
      }
      expect(await settled(ports.turnJournal.subjects('jaegis.sim.>'))).toEqual([]);
      expect(await settled(restore(ports, archive))).toMatchObject({ entities: 2 });
    },
  );

  it.each(['manifest.json', 'turns.bin', 'inbox.bin'])('without %s is refused with its name', async (file) => {
    const { archive } = await filled();
    const { ports, settled } = await start(2);
    archive.files.delete(file);
    await expect(settled(restore(ports, archive))).rejects.toMatchObject({ code: 'corrupt_record', data: { file } });
    expect(await settled(ports.turnJournal.subjects('jaegis.sim.>'))).toEqual([]);
  });

  it('that is taken while entities work holds each as some turn left it, and none without what it had received', async () => {
    const a = await start();
    await a.node('n1');
    await a.node('n2');
    await a.add('x', 0);
    let next = 1;
    let isOver = false;
    const working = (async () => {
      for (; !isOver; next++) await a.ref('x').ask({ type: 'pass', to: 'y', item: next });
    })();
    while (next < 20) await a.world.clock.advance(1);
    const archive = new SimArchive();
    await a.settled(backup(a.ports, archive));
    isOver = true;
    await a.settled(working);
    const b = await start(2);
    await b.settled(restore(b.ports, archive));
    await b.node('n1');
    const expected = Array.from({ length: 19 }, (_, index) => index + 1);
    await b.settled(b.ref('y').ask({ type: 'add', item: -1 }));
    await b.world.clock.advance(5_000);
    const items = (await b.items('y')).filter((item) => item > 0);
    expect(items.slice(0, expected.length - 1)).toEqual(expected.slice(0, -1));
    expect(items).toEqual(items.map((_, index) => index + 1));
  });
});
