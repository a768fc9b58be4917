/**
 * The store port on a JetStream key-value bucket. Reads ask the leader, as those of the journal do. Where others delete
 * a key, a marker stays as its newest revision: to the port the key does not exist.
 */
import { invariant, type Store, type StoreEntry } from '@jaegis/core';
import { JetStreamApiError, StorageType } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { plainBytes } from '../plain-bytes.ts';
import { type JetStreamAccess, read, write } from './access.ts';
import { isWrongSequence } from './errors.ts';
import { changeStream } from './open-stream.ts';
import { type OpenOptions, openWithin } from './open-within.ts';

export interface StoreOptions extends OpenOptions {
  /** Of the bucket: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Copies. A bucket that has fewer is given more; one that has more keeps them. */
  readonly replicas: 1 | 3;
  /** Of one that is made. */
  readonly storage: 'file' | 'memory';
}

export async function openStore(access: JetStreamAccess, options: StoreOptions): Promise<Store> {
  const { name, replicas, storage, openWithinMs } = options;
  const opened: KV[] = [];
  await openWithin(access, { name: `store ${name}`, openWithinMs }, async () => {
    const bucket = await new Kvm(access.client).create(name, {
      replicas,
      storage: storage === 'file' ? StorageType.File : StorageType.Memory,
      history: 1,
      allow_direct: false,
    });
    const manager = await access.client.jetstreamManager(false);
    const { config } = await manager.streams.info(`KV_${name}`);
    await changeStream(access, manager, config, { num_replicas: replicas });
    opened.push(bucket);
  });
  const [bucket] = opened;
  if (bucket === undefined) throw new Error('openWithin returns when the bucket is open');
  return new KeyValueStore(access, bucket);
}

class KeyValueStore implements Store {
  readonly #access: JetStreamAccess;
  readonly #bucket: KV;

  constructor(access: JetStreamAccess, bucket: KV) {
    this.#access = access;
    this.#bucket = bucket;
  }

  async get(key: string): Promise<StoreEntry | undefined> {
    assertKey(key);
    const entry = await read(this.#access, { what: `read ${key}`, data: { key } }, () => this.#bucket.get(key));
    if (entry === null || entry.operation !== 'PUT') return undefined;
    return { value: plainBytes(entry.value), revision: entry.revision };
  }

  async put(
    key: string,
    value: Uint8Array,
    { expectedRevision }: { readonly expectedRevision: number },
  ): Promise<number> {
    assertKey(key);
    const purpose = { what: `put ${key}`, data: { key, expectedRevision } };
    return write(this.#access, purpose, () => this.#put(key, value, expectedRevision));
  }

  async #put(key: string, value: Uint8Array, previousSeq: number): Promise<number> {
    try {
      return await this.#bucket.put(key, value, { previousSeq });
    } catch (error) {
      if (previousSeq !== 0 || !(error instanceof JetStreamApiError) || !isWrongSequence(error)) throw error;
      const marker = await this.#bucket.get(key);
      if (marker === null || marker.operation === 'PUT') throw error;
      return this.#bucket.put(key, value, { previousSeq: marker.revision });
    }
  }
}

/** What nats.js would refuse with an error that cannot be told from a lost answer. */
function assertKey(key: string): void {
  invariant(
    /^[-/=\w]+(\.[-/=\w]+)*$/.test(key),
    `${JSON.stringify(key)} is no key: letters, digits, and any of - _ / = .`,
  );
}
