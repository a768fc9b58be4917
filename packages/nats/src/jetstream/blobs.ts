/**
 * The blobs port on a stream that is laid out as a bucket of NATS's object store, so that its tools can read it. Its
 * client in nats.js is not used: it reads through a push consumer, and who may make one may have the server write bytes
 * of his own to any subject. Here a part is a request (STREAM.MSG.GET) whose answer is wrapped, and removing is a
 * rollup, so that no permission on the stream but to read and to publish is needed.
 */
import { createHash } from 'node:crypto';
import { type Blobs, invariant } from '@jaegis/core';
import {
  DiscardPolicy,
  type JetStreamManager,
  JsHeaders,
  PubHeaders,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
} from '@nats-io/jetstream';
import { headers, nanos, nuid } from '@nats-io/transport-node';
import { plainBytes } from '../plain-bytes.ts';
import { type JetStreamAccess, read, settled } from './access.ts';
import type { Purpose } from './errors.ts';
import { openStream, type StreamPlan } from './open-stream.ts';
import type { OpenOptions } from './open-within.ts';

export interface BlobsOptions extends OpenOptions {
  /** Of the bucket: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Copies. A bucket that has fewer is given more; one that has more keeps them. */
  readonly replicas: 1 | 3;
  /** Default: as it is, and on file where it is made. */
  readonly storage?: 'file' | 'memory';
  /** How long bytes that nobody removes are kept, in ms. Default: for ever. */
  readonly keepMs?: number;
}

export interface Bucket extends Blobs {
  /** Makes it if there is none. Throws as `openJournal`. */
  open(): Promise<void>;
}

/** The newest record of a name, in the words of the object store. */
interface ObjectInfo {
  readonly bucket: string;
  readonly name: string;
  /** Under which its parts are. */
  readonly nuid: string;
  readonly size: number;
  readonly chunks: number;
  /** `SHA-256=` and base64url. */
  readonly digest: string;
  readonly mtime: string;
  readonly deleted: boolean;
}

/** Each part is written before the next, so that fewer are faster; the server may take less as one message. */
const mostPartBytes = 512 * 1024;
/** What headers may add to a part. */
const headroom = 1_024;
const nothing = new Uint8Array();
/** How long the word stays that something was removed, for tools that follow the bucket. */
const goneTtl = '10m';

export class ObjectStoreBlobs implements Bucket {
  readonly #access: JetStreamAccess;
  readonly #options: BlobsOptions;
  readonly #stream: string;
  #opening: Promise<JetStreamManager> | undefined;

  constructor(access: JetStreamAccess, options: BlobsOptions) {
    this.#access = access;
    this.#options = options;
    this.#stream = `OBJ_${options.name}`;
  }

  async open(): Promise<void> {
    await this.#manager();
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    invariant(name !== '', 'A blob has a name.');
    const manager = await this.#manager();
    const purpose = { what: `put ${name}`, data: { name, bytes: bytes.length } };
    const before = await this.#info(manager, name);
    const partBytes = this.#partBytes;
    const info = this.#describe(name, bytes, Math.ceil(bytes.length / partBytes));
    const parts = this.#partsSubject(info.nuid);
    try {
      for (let at = 0; at < bytes.length; at += partBytes) {
        await this.#publish(purpose, parts, bytes.subarray(at, at + partBytes));
      }
      await this.#replace(purpose, this.#infoSubject(name), encode(info));
    } catch (error) {
      this.#dropParts(info);
      throw error;
    }
    if (before !== undefined && !before.info.deleted) this.#dropParts(before.info);
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const manager = await this.#manager();
    // What is replaced while it is read is read again.
    for (let seen = 0; ; ) {
      const found = await this.#info(manager, name);
      if (found === undefined || found.info.deleted || found.sequence === seen) return undefined;
      const bytes = await this.#parts(manager, found.info);
      if (bytes !== undefined) return bytes;
      seen = found.sequence;
    }
  }

  async remove(name: string): Promise<void> {
    const manager = await this.#manager();
    const purpose = { what: `remove ${name}`, data: { name } };
    const found = await this.#info(manager, name);
    if (found === undefined || found.info.deleted) return;
    const gone = { ...found.info, size: 0, chunks: 0, digest: '', deleted: true };
    await this.#replace(purpose, this.#infoSubject(name), encode(gone), goneTtl);
    await this.#replace(purpose, this.#partsSubject(found.info.nuid), nothing, goneTtl);
  }

  /** One request for each record: no consumer that could die or be left behind. */
  async names(): Promise<readonly string[]> {
    const manager = await this.#manager();
    const names: string[] = [];
    for (let seq = 1; ; ) {
      const query = { seq, next_by_subj: this.#infoSubjects };
      const found = await this.#get('the names', () => manager.streams.getMessage(this.#stream, query));
      if (found === null) return names;
      const info = found.json<ObjectInfo>();
      if (!info.deleted) names.push(info.name);
      seq = found.seq + 1;
    }
  }

  get #partBytes(): number {
    const { max_payload = mostPartBytes } = this.#access.link.connection.info ?? {};
    return Math.min(mostPartBytes, max_payload - headroom);
  }

  #describe(name: string, bytes: Uint8Array, chunks: number): ObjectInfo {
    const { name: bucket } = this.#options;
    const mtime = new Date(this.#access.clock.now()).toISOString();
    const sized = { size: bytes.length, chunks, digest: digestOf(bytes) };
    return { bucket, name, nuid: nuid.next(), ...sized, mtime, deleted: false };
  }

  async #info(
    manager: JetStreamManager,
    name: string,
  ): Promise<{ readonly info: ObjectInfo; readonly sequence: number } | undefined> {
    const query = { last_by_subj: this.#infoSubject(name) };
    const found = await this.#get(name, () => manager.streams.getMessage(this.#stream, query));
    // Written by `put`, or by another client of the object store in the same words.
    return found === null ? undefined : { info: found.json<ObjectInfo>(), sequence: found.seq };
  }

  /** Undefined when they are not all there any more. */
  async #parts(manager: JetStreamManager, info: ObjectInfo): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(info.size);
    const subject = this.#partsSubject(info.nuid);
    let filled = 0;
    for (let seq = 1; filled < info.size; ) {
      const query = { seq, next_by_subj: subject };
      const part = await this.#get(info.name, () => manager.streams.getMessage(this.#stream, query));
      const data = part?.data ?? nothing; // once: it is decoded at each look
      if (part === null || data.length === 0 || filled + data.length > info.size) return undefined;
      bytes.set(data, filled);
      filled += data.length;
      seq = part.seq + 1;
    }
    return digestOf(bytes) === info.digest ? plainBytes(bytes) : undefined;
  }

  #get(name: string, send: () => Promise<StoredMsg | null>): Promise<StoredMsg | null> {
    return read(this.#access, { what: `read ${name}`, data: { name } }, send);
  }

  /** What is left of an object nobody can find. It does no harm until it is too old, so nobody waits for it to go. */
  #dropParts({ name, nuid: id }: ObjectInfo): void {
    const purpose = { what: `drop the parts of ${name}`, data: { name } };
    this.#replace(purpose, this.#partsSubject(id), nothing, goneTtl).catch((error: unknown) =>
      this.#access.link.logger.debug('the parts of a large body stay in the store for now', { name, error }),
    );
  }

  async #publish(purpose: Purpose, subject: string, data: Uint8Array, all = headers()): Promise<void> {
    await settled(this.#access, purpose, () => this.#access.appends.append(subject, data, all));
  }

  /** Instead of all that is under the subject. */
  #replace(purpose: Purpose, subject: string, data: Uint8Array, ttl?: string): Promise<void> {
    const replacing = headers();
    replacing.set(JsHeaders.RollupHdr, JsHeaders.RollupValueSubject);
    if (ttl !== undefined) replacing.set(PubHeaders.MessageTTL, ttl);
    return this.#publish(purpose, subject, data, replacing);
  }

  #partsSubject(id: string): string {
    return `$O.${this.#options.name}.C.${id}`;
  }

  get #infoSubjects(): string {
    return `$O.${this.#options.name}.M.>`;
  }

  #infoSubject(name: string): string {
    const base64 = Buffer.from(name).toString('base64');
    return `$O.${this.#options.name}.M.${base64.replaceAll('+', '-').replaceAll('/', '_')}`;
  }

  #manager(): Promise<JetStreamManager> {
    this.#access.link.assertConnected();
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<JetStreamManager> {
    return (await openStream(this.#access, bucketPlan(this.#options))).manager;
  }
}

export function bucketPlan({ name, replicas, storage, keepMs, openWithinMs }: BlobsOptions): StreamPlan {
  const fixed = {
    name: `OBJ_${name}`,
    subjects: [`$O.${name}.C.>`, `$O.${name}.M.>`],
    ...(storage === undefined ? {} : { storage: storage === 'file' ? StorageType.File : StorageType.Memory }),
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_age: keepMs === undefined ? 0 : nanos(keepMs),
    allow_direct: true,
    allow_rollup_hdrs: true,
    allow_msg_ttl: true,
  };
  return { what: `object store ${name}`, fixed, changeable: { num_replicas: replicas }, openWithinMs };
}

function digestOf(bytes: Uint8Array): string {
  const base64 = createHash('sha256').update(bytes).digest('base64');
  return `SHA-256=${base64.replaceAll('+', '-').replaceAll('/', '_')}`;
}

function encode(info: ObjectInfo): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(info));
}
