/** The obligations of the store port, for any adapter. */
import type { Store } from '@jaegis/core';
import { describe, expect, test } from 'vitest';
import { bytes, eventually, text, uniqueName, until, type World } from './world.ts';

export function storeContract(adapter: string, makeWorld: () => World): void {
  describe(`store, ${adapter}`, () => {
    const world = makeWorld();
    writes(world);
    survivesALoss(world);
  });
}

async function openNew(world: World) {
  const name = uniqueName();
  const connection = await world.connect();
  return { name, connection, store: await connection.openStore(name) };
}

const put = (store: Store, key: string, value: string, expectedRevision: number) =>
  store.put(key, bytes(value), { expectedRevision });

const wrong = { code: 'wrong_sequence' };

function writes(world: World): void {
  test('a key that was never put does not exist', async () => {
    const { store } = await openNew(world);
    expect(await store.get('nothing')).toBeUndefined();
  });

  test('a value is found under its key with the revision of its put', async () => {
    const { store } = await openNew(world);
    const first = await put(store, 'a', '1', 0);
    const second = await put(store, 'a', '2', first);
    const other = await put(store, 'b.c', '3', 0);
    expect(second).toBeGreaterThan(first);
    expect(await store.get('a')).toEqual({ value: bytes('2'), revision: second });
    expect(await store.get('b.c')).toEqual({ value: bytes('3'), revision: other });
  });

  test('a put in the knowledge of another revision is refused and writes nothing', async () => {
    const { store } = await openNew(world);
    const first = await put(store, 'a', '1', 0);
    const second = await put(store, 'a', '2', first);
    for (const stale of [0, first, second + 1]) {
      await expect(put(store, 'a', 'never', stale)).rejects.toMatchObject({ ...wrong, data: { key: 'a' } });
    }
    await expect(put(store, 'b', 'never', second)).rejects.toMatchObject(wrong);
    expect(await store.get('a')).toEqual({ value: bytes('2'), revision: second });
    expect(await store.get('b')).toBeUndefined();
  });

  test.each(['', 'a b', '*', '>'])('nothing can be put under %j', async (key) => {
    const { store } = await openNew(world);
    await expect(put(store, key, 'x', 0)).rejects.toMatchObject({ code: 'invariant_broken' });
  });

  test('of two that create a key one wins', async () => {
    const { name, store } = await openNew(world);
    const other = await (await world.connect()).openStore(name);
    for (let round = 0; round < 10; round++) {
      const results = await Promise.allSettled([put(store, `k${round}`, '0', 0), put(other, `k${round}`, '1', 0)]);
      const won = results.findIndex(({ status }) => status === 'fulfilled');
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(results[1 - won]).toMatchObject({ status: 'rejected', reason: wrong });
      expect(text((await store.get(`k${round}`))?.value)).toBe(String(won));
    }
  });

  test('many can open the same new store at once', async () => {
    const name = uniqueName();
    const connections = await Promise.all(Array.from({ length: 4 }, () => world.connect()));
    const stores = await Promise.all(connections.map((connection) => connection.openStore(name)));
    await Promise.all(stores.map((store, index) => put(store, `k${index}`, 'x', 0)));
    const values = await Promise.all(stores.map((_, index) => stores[0]?.get(`k${index}`)));
    expect(values.map((entry) => text(entry?.value))).toEqual(['x', 'x', 'x', 'x']);
  });
}

function survivesALoss(world: World): void {
  test('while the server is away calls are refused, and what was put is there after', async () => {
    const { connection, store } = await openNew(world);
    const revision = await put(store, 'a', '1', 0);
    await world.loseServer();
    await until(() => !connection.transport.connected);
    await expect(put(store, 'a', 'never', revision)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'storage_unavailable' });
    await world.restoreServer();
    expect(await eventually(() => store.get('a'))).toEqual({ value: bytes('1'), revision });
    expect(await eventually(() => put(store, 'a', '2', revision))).toBeGreaterThan(revision);
  });

  test('after close calls are refused', async () => {
    const { connection, store } = await openNew(world);
    await connection.transport.close();
    await expect(put(store, 'a', '1', 0)).rejects.toMatchObject({ code: 'transport_closed' });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'transport_closed' });
  });
}
