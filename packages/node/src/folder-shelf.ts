/** The shelf port as a folder of files, which is made by the first of them. */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { keyToToken, type Shelf, StorageUnavailableError } from '@jaegis/core';

export function folderShelf(folder: string): Shelf {
  const pathOf = (key: string) => join(folder, `${keyToToken(key)}.kept`);
  return {
    async read(key) {
      try {
        return new Uint8Array(await readFile(pathOf(key)));
      } catch (cause) {
        if (isMissing(cause)) return undefined;
        throw unusable(folder, cause);
      }
    },
    async write(key, data) {
      const path = pathOf(key);
      try {
        await mkdir(folder, { recursive: true });
        await writeWhole(`${path}.new`, data);
        await rename(`${path}.new`, path);
      } catch (cause) {
        throw unusable(folder, cause);
      }
    },
  };
}

async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  await using file = await open(path, 'w');
  await file.writeFile(data);
  // Else it may have its name before it has its contents.
  await file.sync();
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

function unusable(folder: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageUnavailableError(`${folder} cannot be used: ${reason}.`, { cause, data: { folder } });
}
