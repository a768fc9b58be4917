/** Takes one file out of a tar archive. Only the release of nats-server is read with it, after its checksum. */

const blockBytes = 512;

/** The content of the first regular file whose path ends with `/<name>`; `undefined` when there is none. */
export function fileInTar(archive: Buffer, name: string): Buffer | undefined {
  let at = 0;
  while (at + blockBytes <= archive.length) {
    const header = archive.subarray(at, at + blockBytes);
    const path = text(header, 0, 100);
    if (path === '') return undefined;
    const size = Number.parseInt(text(header, 124, 12).trim(), 8);
    const start = at + blockBytes;
    if (Number.isNaN(size) || start + size > archive.length) throw new Error('the archive is cut off or damaged');
    const isRegular = ['', '0'].includes(text(header, 156, 1));
    if (isRegular && path.endsWith(`/${name}`)) return archive.subarray(start, start + size);
    at = start + Math.ceil(size / blockBytes) * blockBytes;
  }
  return undefined;
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? length : end);
}
