/** The obligations of the blobs port, for any adapter. */
import { describe, expect, test } from 'vitest';
import { bytes, eventually, text, uniqueName, type World } from './world.ts';

export function blobsContract(adapter: string, makeWorld: () => World): void {
  describe(`blobs, ${adapter}`, () => {
    const world = makeWorld();
    keepsBytes(world);
    survivesALoss(world);
  });
}

async function openNew(world: World) {
  const name = uniqueName();
  const blobs = (await world.connect()).openBlobs(name);
  const others = (await world.connect()).openBlobs(name);
  return { blobs, others };
}

/** Bytes that do not repeat in a pattern of parts. */
function many(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7 + (at >> 16)) & 255);
}

function keepsBytes(world: World): void {
  test.each([0, 1, 1_000, 3_000_001])('%d bytes are found on another node as they were put', async (length) => {
    const { blobs, others } = await openNew(world);
    const put = many(length);
    await blobs.put('a.b c/ü', put);
    const found = await others.get('a.b c/ü');
    expect(found?.length).toBe(length);
    expect(Buffer.compare(found ?? bytes('nothing'), put)).toBe(0);
  });

  test('nothing is found under a name that was never put, or was removed', async () => {
    const { blobs, others } = await openNew(world);
    expect(await blobs.get('nothing')).toBeUndefined();
    await blobs.put('a', bytes('1'));
    await others.remove('a');
    expect(await blobs.get('a')).toBeUndefined();
  });

  test('removing what is not there does nothing', async () => {
    const { blobs } = await openNew(world);
    await blobs.remove('nothing');
    await blobs.put('a', bytes('1'));
    await blobs.remove('a');
    await blobs.remove('a');
    expect(await blobs.get('a')).toBeUndefined();
  });

  test('a second put replaces the first, also after it was removed', async () => {
    const { blobs, others } = await openNew(world);
    await blobs.put('a', bytes('1'));
    await others.put('a', bytes('2'));
    expect(text(await blobs.get('a'))).toBe('2');
    await blobs.remove('a');
    await blobs.put('a', bytes('3'));
    expect(text(await others.get('a'))).toBe('3');
  });

  test('the names of all that is there are listed, and of nothing else', async () => {
    const { blobs, others } = await openNew(world);
    expect(await blobs.names()).toEqual([]);
    for (const name of ['a', 'b c', 'ü']) await blobs.put(name, bytes('1'));
    await blobs.remove('a');
    await blobs.put('b c', bytes('2'));
    expect((await others.names()).toSorted()).toEqual(['b c', 'ü']);
  });

  test('names and buckets do not meet', async () => {
    const { blobs } = await openNew(world);
    const { blobs: elsewhere } = await openNew(world);
    await blobs.put('a', bytes('1'));
    await blobs.put('b', bytes('2'));
    expect([text(await blobs.get('a')), text(await blobs.get('b'))]).toEqual(['1', '2']);
    expect(await elsewhere.get('a')).toBeUndefined();
  });

  test('bytes that their owner changes after the put has ended stay as they were put', async () => {
    const { blobs } = await openNew(world);
    const mine = bytes('kept');
    await blobs.put('a', mine);
    mine.fill(0);
    const found = await blobs.get('a');
    found?.fill(1);
    expect(text(await blobs.get('a'))).toBe('kept');
  });

  test('a blob without a name is refused', async () => {
    const { blobs } = await openNew(world);
    await expect(blobs.put('', bytes('x'))).rejects.toMatchObject({ code: 'invariant_broken' });
  });
}

function survivesALoss(world: World): void {
  test('without a server every call is refused, and what was put is there when it is back', async () => {
    const { blobs } = await openNew(world);
    await blobs.put('a', bytes('1'));
    await world.loseServer();
    const refused = { code: expect.stringMatching(/^(storage_unavailable|outcome_unknown)$/) };
    await expect(blobs.get('a')).rejects.toMatchObject({ code: 'storage_unavailable' });
    await expect(blobs.put('b', bytes('2'))).rejects.toMatchObject(refused);
    await world.restoreServer();
    expect(text(await eventually(() => blobs.get('a')))).toBe('1');
    await eventually(() => blobs.put('b', bytes('2')));
    expect(text(await eventually(() => blobs.get('b')))).toBe('2');
  });
}
