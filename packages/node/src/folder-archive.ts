/** The archive port as a folder of files. It is made by the first file. */
import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AlreadyExistsError, type Archive, CorruptRecordError, InvalidConfigError } from '@jaegis/core';

export function folderArchive(folder: string): Archive {
  return {
    async list() {
      try {
        return (await readdir(folder)).toSorted();
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return [];
        throw unusable(folder, cause);
      }
    },
    async write(name, chunks) {
      await mkdir(folder, { recursive: true }).catch((cause) => Promise.reject(unusable(folder, cause)));
      await using file = await open(join(folder, name), 'wx').catch((cause) =>
        Promise.reject(notMade(folder, name, cause)),
      );
      for await (const chunk of chunks) {
        await file.writeFile(chunk).catch((cause) => Promise.reject(unusable(join(folder, name), cause)));
      }
      await file.sync();
    },
    async *read(name) {
      await using file = await open(join(folder, name), 'r').catch((cause) =>
        Promise.reject(notRead(folder, name, cause)),
      );
      // The stream's own closing would come first and fail the other one.
      for await (const chunk of file.createReadStream({ autoClose: false })) {
        yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      }
    },
  };
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

function notMade(folder: string, file: string, cause: unknown): Error {
  if (codeOf(cause) !== 'EEXIST') return unusable(join(folder, file), cause);
  return new AlreadyExistsError(`${join(folder, file)} is there already.`, { cause, data: { file } });
}

function notRead(folder: string, file: string, cause: unknown): Error {
  if (codeOf(cause) !== 'ENOENT') return unusable(join(folder, file), cause);
  return new CorruptRecordError(`${file} is missing from ${folder}.`, { cause, data: { file } });
}

function unusable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new InvalidConfigError(`${path} cannot be used: ${reason}.`, { cause, data: { path } });
}
