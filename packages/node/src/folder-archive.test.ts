import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sha256 } from './digest.ts';
import { folderArchive } from './folder-archive.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'jaegis-archive-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function* chunks(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function text(parts: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all).toString();
}

test('what was written in chunks is read whole, from a folder that was not there', async () => {
  const archive = folderArchive(join(await folder(), 'a', 'b'));
  expect(await archive.list()).toEqual([]);
  await archive.write('z', chunks('one ', 'two'));
  await archive.write('a', chunks());
  expect(await archive.list()).toEqual(['a', 'z']);
  expect([await text(archive.read('z')), await text(archive.read('a'))]).toEqual(['one two', '']);
});

test('a file that is there is not overwritten', async () => {
  const archive = folderArchive(await folder());
  await archive.write('a', chunks('kept'));
  await expect(archive.write('a', chunks('new'))).rejects.toMatchObject({
    code: 'already_exists',
    data: { file: 'a' },
  });
  expect(await text(archive.read('a'))).toBe('kept');
});

test('a file that is not there is named', async () => {
  const read = text(folderArchive(await folder()).read('turns'));
  await expect(read).rejects.toMatchObject({ code: 'corrupt_record', data: { file: 'turns' } });
});

test('a folder that is a file cannot be used', async () => {
  const path = join(await folder(), 'file');
  await writeFile(path, '');
  const archive = folderArchive(path);
  await expect(archive.list()).rejects.toMatchObject({ code: 'invalid_config' });
  await expect(archive.write('a', chunks())).rejects.toMatchObject({ code: 'invalid_config' });
});

test('what the source of the chunks throws is thrown', async () => {
  const archive = folderArchive(await folder());
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    throw new Error('as asked');
  }
  await expect(archive.write('a', broken())).rejects.toThrow('as asked');
});

test('SHA-256 of parts is that of the whole', () => {
  const digest = sha256();
  for (const part of ['a', 'b', 'c']) digest.update(new TextEncoder().encode(part));
  expect(digest.hex()).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});
