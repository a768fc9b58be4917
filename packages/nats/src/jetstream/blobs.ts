/**
 * The blobs port on a bucket of JetStream's object store, which is opened when it is first used. nats.js waits without an
 * end for the parts of an object when their consumer is lost, so every read has a time limit.
 */
import { type Blobs, invariant, sleep } from '@jaegis/core';
import { StorageType } from '@nats-io/jetstream';
import { type ObjectStore, Objm, setSha256Backend } from '@nats-io/obj';
import { nanos } from '@nats-io/transport-node';
import { plainBytes } from '../plain-bytes.ts';
import { type JetStreamAccess, read, write } from './access.ts';
import { changeStream } from './open-stream.ts';
import { type OpenOptions, openWithin } from './open-within.ts';

export interface BlobsOptions extends OpenOptions {
  /** Of the bucket: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Copies. A bucket that has fewer is given more; one that has more keeps them. */
  readonly replicas: 1 | 3;
  readonly storage: 'file' | 'memory';
  /** How long bytes that nobody removes are kept, in ms. */
  readonly keepMs: number;
}

/** How long reading one object may take. */
const readWithinMs = 30_000;
/** Each part is written before the next, so that fewer are faster. */
const partBytes = 512 * 1024;

export class ObjectStoreBlobs implements Blobs {
  readonly #access: JetStreamAccess;
  readonly #options: BlobsOptions;
  #opening: Promise<ObjectStore> | undefined;

  constructor(access: JetStreamAccess, options: BlobsOptions) {
    this.#access = access;
    this.#options = options;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    invariant(name !== '', 'A blob has a name.');
    const bucket = await this.#bucket();
    const purpose = { what: `put ${name}`, data: { name, bytes: bytes.length } };
    const meta = { name, options: { max_chunk_size: partBytes } };
    await write(this.#access, purpose, () => bucket.putBlob(meta, bytes));
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const bucket = await this.#bucket();
    const found = await read(this.#access, { what: `read ${name}`, data: { name } }, () =>
      this.#inTime(bucket.getBlob(name)),
    );
    return found === null ? undefined : plainBytes(found);
  }

  async remove(name: string): Promise<void> {
    const bucket = await this.#bucket();
    await write(this.#access, { what: `remove ${name}`, data: { name } }, async () => {
      if ((await bucket.info(name)) !== null) await bucket.delete(name);
    });
  }

  async #inTime<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const isOver = new AbortController();
    const late = sleep(this.#access.clock, readWithinMs, isOver.signal).then(() => {
      throw new Error(`not read within ${readWithinMs} ms`);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      late.catch(() => {});
      isOver.abort();
    }
  }

  #bucket(): Promise<ObjectStore> {
    this.#access.link.assertConnected();
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** nats.js opens a bucket that is there with the copies that it has. */
  async #raise(name: string, replicas: 1 | 3): Promise<void> {
    const manager = await this.#access.client.jetstreamManager(false);
    const { config } = await manager.streams.info(`OBJ_${name}`);
    await changeStream(this.#access, manager, config, { num_replicas: replicas });
  }

  async #open(): Promise<ObjectStore> {
    const { name, replicas, storage, keepMs, openWithinMs } = this.#options;
    setSha256Backend('native'); // of the whole process; the other one holds up its event loop for long
    const opened: ObjectStore[] = [];
    await openWithin(this.#access, { name: `object store ${name}`, openWithinMs }, async () => {
      const options = {
        replicas,
        storage: storage === 'file' ? StorageType.File : StorageType.Memory,
        ttl: nanos(keepMs),
      };
      const bucket = await new Objm(this.#access.client).create(name, options);
      await this.#raise(name, replicas);
      opened.push(bucket);
    });
    const [bucket] = opened;
    if (bucket === undefined) throw new Error('openWithin returns when the bucket is open');
    return bucket;
  }
}
