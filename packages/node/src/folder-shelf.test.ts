import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { folderShelf } from './folder-shelf.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'jaegis-shelf-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const bytes = (text: string) => new TextEncoder().encode(text);

test('what was written last is read, by any name, from a folder that was not there', async () => {
  const path = join(await folder(), 'a', 'b');
  const key = 'payments/../EU ✓';
  expect(await folderShelf(path).read(key)).toBeUndefined();
  await folderShelf(path).write(key, bytes('longer than the next'));
  await folderShelf(path).write(key, bytes('next'));
  expect(await folderShelf(path).read(key)).toEqual(bytes('next'));
  expect((await readdir(path)).length).toBe(1);
});

test('what a writer left in the middle is not read', async () => {
  const path = await folder();
  const shelf = folderShelf(path);
  await shelf.write('db', bytes('whole'));
  await writeFile(join(path, 'db.kept.new'), 'ha');
  expect(await shelf.read('db')).toEqual(bytes('whole'));
  await shelf.write('db', bytes('whole again'));
  expect(await shelf.read('db')).toEqual(bytes('whole again'));
});

test('a folder that is a file cannot be used', async () => {
  const path = join(await folder(), 'file');
  await writeFile(path, '');
  const refused = { code: 'storage_unavailable', data: { folder: path } };
  await expect(folderShelf(path).write('db', bytes('x'))).rejects.toMatchObject(refused);
  await expect(folderShelf(path).read('db')).rejects.toMatchObject(refused);
});
