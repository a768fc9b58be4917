/**
 * An exported entity as bytes: a line for people and programs that look at files, which holds the format and the digest
 * of the rest, and its records in the cluster's codec.
 */
import {
  type Codec,
  CorruptRecordError,
  type EntityId,
  hasCode,
  MigrationRefusedError,
  type NewDigest,
} from '@jaegis/core';

export interface EntityDocument {
  readonly entity: EntityId;
  /** The cluster it was exported from. */
  readonly cluster: string;
  /** Its records as the journal kept them, oldest first. */
  readonly records: readonly { readonly timeMs: number; readonly data: Uint8Array }[];
}

const KIND = 'jaegis-entity';
const FORMAT = 1;
/** Of the first line, in bytes. */
const MOST_HEADER = 256;
const NEWLINE = 0x0a;

export function encodeDocument(codec: Codec, digest: NewDigest, document: EntityDocument): Uint8Array {
  const { entity, cluster, records } = document;
  const body = codec.encode([entity.type, entity.key, cluster, records.map(({ timeMs, data }) => [timeMs, data])]);
  const header = new TextEncoder().encode(`${KIND} ${FORMAT} sha256:${sumOf(digest, body)}\n`);
  const bytes = new Uint8Array(header.length + body.length);
  bytes.set(header);
  bytes.set(body, header.length);
  return bytes;
}

/** @throws CorruptRecordError when it is not what was exported, MigrationRefusedError when a newer JAEGIS exported it. */
export function decodeDocument(codec: Codec, digest: NewDigest, bytes: Uint8Array): EntityDocument {
  const end = bytes.subarray(0, MOST_HEADER).indexOf(NEWLINE);
  const [kind, format, sum] = new TextDecoder().decode(bytes.subarray(0, Math.max(end, 0))).split(' ');
  if (kind !== KIND || sum === undefined) throw corrupt('it is no exported entity');
  if (format !== `${FORMAT}`) {
    throw new MigrationRefusedError(`The document has format ${format}; this version of JAEGIS knows ${FORMAT}.`, {
      data: { format },
    });
  }
  const body = new Uint8Array(bytes.subarray(end + 1)); // plain bytes also of a Buffer
  if (sum !== `sha256:${sumOf(digest, body)}`) throw corrupt('its digest does not match');
  return documentOf(codec, body);
}

function documentOf(codec: Codec, body: Uint8Array): EntityDocument {
  let list: unknown;
  try {
    list = codec.decode(body);
  } catch (error) {
    if (!hasCode(error, 'corrupt_record')) throw error;
    throw corrupt('it was written with another codec', error);
  }
  // Written by encodeDocument, as the digest says.
  const [type, key, cluster, records] = list as [string, string, string, [number, Uint8Array][]];
  return { entity: { type, key }, cluster, records: records.map(([timeMs, data]) => ({ timeMs, data })) };
}

function sumOf(digest: NewDigest, body: Uint8Array): string {
  const sum = digest();
  sum.update(body);
  return sum.hex();
}

function corrupt(why: string, cause?: unknown): Error {
  return new CorruptRecordError(`The document cannot be imported: ${why}.`, { cause, data: { why } });
}
