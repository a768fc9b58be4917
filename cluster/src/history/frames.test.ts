import { expect, test } from 'vitest';
import { frameOf, recordsIn } from './frames.ts';

const records = [[1, 2, 3], [], [4], Array.from({ length: 300 }, (_, index) => index % 256)].map(
  (bytes) => new Uint8Array(bytes),
);
const whole = new Uint8Array(records.flatMap((record) => [...frameOf(record)]));

async function* cut(bytes: Uint8Array, size: number) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const record of recordsIn('turns', chunks)) found.push(record);
  return found;
}

test.each([1, 2, 3, 5, 64, 1_000])('records come back from chunks of %d bytes', async (size) => {
  expect(await read(cut(whole, size))).toEqual(records);
});

test('records are plain bytes of their own, also where the chunks are not', async () => {
  const [first] = await read(cut(Buffer.concat([whole]), 1_000));
  expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
  expect(first?.buffer.byteLength).toBe(3);
});

test('a file without a record is read as that', async () => {
  expect(await read(cut(new Uint8Array(), 1))).toEqual([]);
});

test('a file that is cut within a record is refused with its name', async () => {
  const refused = { code: 'corrupt_record', data: { file: 'turns' } };
  for (const length of [1, 3, 4, 6, whole.length - 1]) {
    await expect(read(cut(whole.subarray(0, length), 7))).rejects.toMatchObject(refused);
  }
});

test('a length that cannot be is refused', async () => {
  await expect(read(cut(new Uint8Array([255, 255, 255, 255, 0]), 2))).rejects.toMatchObject({ code: 'corrupt_record' });
});
