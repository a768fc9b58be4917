/** What a backup says of itself: its files, what they hold, and their digests. Written last: without it there is none. */
import { CorruptRecordError, MigrationRefusedError, type NewDigest } from '@jaegis/core';

export const manifestFile = 'manifest.json';
const KIND = 'jaegis-backup';
const FORMAT = 1;

/** What was backed up. */
export interface BackupReport {
  readonly cluster: string;
  /** When it was begun, in milliseconds since 1970: what was sent to inboxes later may not be in it. */
  readonly takenAtMs: number;
  readonly entities: number;
  readonly files: readonly BackupFile[];
}

export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** Turns, or messages. */
  readonly records: number;
  readonly sha256: string;
}

export function encodeManifest(digest: NewDigest, report: BackupReport): Uint8Array {
  const { cluster, takenAtMs, entities, files } = report;
  const manifest = { kind: KIND, format: FORMAT, cluster, takenAtMs, entities, files };
  return new TextEncoder().encode(`${JSON.stringify({ ...manifest, sha256: sumOf(digest, report) }, null, 2)}\n`);
}

/** @throws CorruptRecordError, MigrationRefusedError for a backup of a newer version of JAEGIS. */
export function decodeManifest(digest: NewDigest, bytes: Uint8Array): BackupReport {
  const manifest = parsed(bytes);
  if (manifest?.kind !== KIND) throw corrupt('it is no manifest of a backup');
  if (manifest.format !== FORMAT) {
    throw new MigrationRefusedError(
      `The backup has format ${String(manifest.format)}; this version of JAEGIS knows ${FORMAT}.`,
      { data: { file: manifestFile, format: manifest.format } },
    );
  }
  const report = manifest as unknown as BackupReport; // whether it is, the digest says
  if (!Array.isArray(report.files) || manifest.sha256 !== sumOf(digest, report)) {
    throw corrupt('its digest does not match');
  }
  return report;
}

function parsed(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined; // has any keys
  } catch {
    return undefined;
  }
}

function sumOf(digest: NewDigest, { cluster, takenAtMs, entities, files }: BackupReport): string {
  const sum = digest();
  const list = files.map((file) => [file?.name, file?.bytes, file?.records, file?.sha256]);
  sum.update(new TextEncoder().encode(JSON.stringify([cluster, takenAtMs, entities, list])));
  return sum.hex();
}

function corrupt(why: string): Error {
  return new CorruptRecordError(`${manifestFile} cannot be used: ${why}.`, { data: { file: manifestFile, why } });
}
