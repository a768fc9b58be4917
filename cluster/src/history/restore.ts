/** A backup into an empty cluster: verified whole before anything is written, then turns, timers and inboxes. */
import { decodeInboxMessage, decodeTurn, encodeTurn, isConsumed, TurnLog } from '@jaegis/actors';
import {
  AlreadyExistsError,
  type Archive,
  backoffDelay,
  CorruptRecordError,
  type EntityId,
  formatEntityId,
  hasCode,
  type InboxPosition,
  parseEntityId,
  sleep,
  type TurnRecord,
} from '@jaegis/core';
import { inboxFilter, inboxSubject, turnSubject, turnSubjects } from '../placement.ts';
import { inboxFile, turnsFile } from './backup.ts';
import { recordsIn } from './frames.ts';
import { type BackupReport, decodeManifest, manifestFile } from './manifest.ts';
import { type StatePorts, setTimers } from './transfer.ts';

export interface RestoreReport {
  /** The cluster that was backed up, and when. */
  readonly of: string;
  readonly takenAtMs: number;
  readonly entities: number;
  readonly turns: number;
  readonly timers: number;
  /** Turns that could not be read in the cluster that was backed up either; they are kept as they were there. */
  readonly unreadable: number;
  /** Messages that wait in inboxes. */
  readonly messages: number;
}

/** Of a file of a backup. */
interface Kept {
  readonly entity: EntityId;
  readonly sequence: number;
  readonly timeMs: number;
  readonly data: Uint8Array;
}

/**
 * @param verified What {@link verifyBackup} gave for this archive. Default: it is verified now.
 * @throws As {@link verifyBackup}, and AlreadyExistsError when the cluster holds anything: nothing is written then.
 */
export async function restore(ports: StatePorts, archive: Archive, verified?: BackupReport): Promise<RestoreReport> {
  await assertEmpty(ports);
  const manifest = verified ?? (await verifyBackup(ports, archive));
  const entities = new Map<string, Restored>();
  const { turns, unreadable } = await writeTurns(ports, archive, entities);
  const timers = await writeTimers(ports, entities);
  const messages = await writeMessages(ports, archive, entities);
  const { cluster: of, takenAtMs } = manifest;
  return { of, takenAtMs, entities: entities.size, turns, unreadable, timers, messages };
}

/** What is known of an entity whose turns are being written. */
interface Restored {
  sequence: number;
  /** In the inbox of the cluster that was backed up. */
  position: InboxPosition;
  hasTimers: boolean;
}

async function assertEmpty({ cluster, turnJournal, inbox }: StatePorts): Promise<void> {
  const [subject] = await turnJournal.subjects(turnSubjects(cluster));
  if (subject !== undefined) throw notEmpty(cluster, subject);
  for await (const message of inbox.kept(inboxFilter(cluster))) throw notEmpty(cluster, message.subject);
}

function notEmpty(cluster: string, subject: string): Error {
  return new AlreadyExistsError(`Cluster "${cluster}" is not empty: there is ${subject}.`, {
    data: { cluster, subject },
  });
}

type Reading = Pick<StatePorts, 'codec' | 'digest'>;

/**
 * Each file has the bytes that were written, and each turn a format that this version knows.
 * @throws CorruptRecordError that names the file, MigrationRefusedError.
 */
export async function verifyBackup(ports: Reading, archive: Archive): Promise<BackupReport> {
  const manifest = decodeManifest(ports.digest, await whole(archive.read(manifestFile)));
  const { files } = manifest;
  for (const name of [inboxFile, turnsFile]) {
    const file = files.find((entry) => entry.name === name);
    if (file === undefined) throw damaged(manifestFile, `it does not list ${name}`);
    const sum = ports.digest();
    let bytes = 0;
    for await (const chunk of archive.read(name)) {
      sum.update(chunk);
      bytes += chunk.length;
    }
    if (bytes !== file.bytes) throw damaged(name, `it has ${bytes} bytes, not ${file.bytes}`);
    if (sum.hex() !== file.sha256) throw damaged(name, 'its digest does not match');
  }
  for await (const kept of entriesOf(ports, archive, turnsFile)) turnIn(ports, kept);
  return manifest;
}

async function* entriesOf({ codec }: Reading, archive: Archive, name: string): AsyncGenerator<Kept> {
  for await (const record of recordsIn(name, archive.read(name))) {
    // Written by a backup, as the digest says.
    const [type, key, sequence, timeMs, data] = codec.decode(record) as [string, string, number, number, Uint8Array];
    yield { entity: { type, key }, sequence, timeMs, data };
  }
}

/** Undefined for one that could not be read in the cluster that was backed up either. @throws MigrationRefusedError */
function turnIn({ codec }: Reading, { entity, ...record }: Kept): TurnRecord | undefined {
  try {
    return decodeTurn(codec, { ...record, subject: formatEntityId(entity) });
  } catch (error) {
    if (hasCode(error, 'corrupt_record')) return undefined;
    throw error;
  }
}

async function writeTurns(ports: StatePorts, archive: Archive, entities: Map<string, Restored>) {
  let [turns, unreadable] = [0, 0];
  for await (const kept of entriesOf(ports, archive, turnsFile)) {
    const name = formatEntityId(kept.entity);
    const restored = entities.get(name) ?? { sequence: 0, position: nothing, hasTimers: false };
    entities.set(name, restored);
    const turn = turnIn(ports, kept);
    // Sequences of the old inbox say nothing in the new one.
    const data = turn === undefined ? kept.data : encodeTurn(ports.codec, { ...turn, inbox: nothing });
    restored.sequence = await append(ports, kept.entity, data, restored.sequence);
    if (turn === undefined) {
      unreadable += 1;
    } else {
      restored.position = turn.inbox;
      restored.hasTimers = turn.timers.length > 0;
    }
    turns += 1;
  }
  return { turns, unreadable };
}

const nothing: InboxPosition = { upTo: 0, ahead: [] };

async function append(ports: StatePorts, entity: EntityId, data: Uint8Array, expectedSequence: number) {
  const { cluster, turnJournal } = ports;
  const subject = turnSubject(cluster, entity);
  return again(ports, async () => {
    try {
      return await turnJournal.append(subject, data, { expectedSequence });
    } catch (error) {
      if (!hasCode(error, 'outcome_unknown') && !hasCode(error, 'wrong_sequence')) throw error;
      const newest = await turnJournal.last(subject);
      if (newest !== undefined && newest.sequence > expectedSequence && isSame(newest.data, data))
        return newest.sequence;
      if (newest !== undefined && newest.sequence > expectedSequence) throw notEmpty(cluster, subject);
      throw error;
    }
  });
}

/** Once the turns are there: a timer that fires before its turn is written has no effect. */
async function writeTimers(ports: StatePorts, entities: ReadonlyMap<string, Restored>): Promise<number> {
  const { cluster, turnJournal: journal, codec, clock, random } = ports;
  let count = 0;
  for (const [name, { hasTimers }] of entities) {
    if (!hasTimers) continue;
    const entity = parseEntityId(name);
    const log = new TurnLog({ subject: turnSubject(cluster, entity), journal, codec, clock, random });
    const timers = (await log.load(new AbortController().signal))?.turn.timers ?? [];
    await setTimers(ports, entity, timers);
    count += timers.length;
  }
  return count;
}

/** Those that the turns had not consumed. What a timer has sent comes again from the timer, which is in the turn. */
async function writeMessages(ports: StatePorts, archive: Archive, entities: ReadonlyMap<string, Restored>) {
  const { cluster, codec, inbox } = ports;
  let count = 0;
  for await (const { entity, ...message } of entriesOf(ports, archive, inboxFile)) {
    const { position } = entities.get(formatEntityId(entity)) ?? { position: nothing };
    const subject = inboxSubject(cluster, entity);
    if (isConsumed(position, message.sequence) || isOfTimer({ ...message, subject }, codec)) continue;
    await again(ports, () => inbox.put(subject, message.data, { id: `restored:${message.sequence}` }));
    count += 1;
  }
  return count;
}

function isOfTimer(message: Parameters<typeof decodeInboxMessage>[1], codec: StatePorts['codec']): boolean {
  try {
    return decodeInboxMessage(codec, message).timer !== undefined;
  } catch {
    return false; // the entity puts it to its dead letters
  }
}

const RETRY = { firstMs: 20, maxMs: 1_000 };
const AGAIN = ['outcome_unknown', 'storage_unavailable', 'transport_unavailable'] as const;
/** An election of JetStream is over long before. */
const ATTEMPTS = 60;

async function again<T>({ clock, random }: StatePorts, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (count >= ATTEMPTS || !AGAIN.some((code) => hasCode(error, code))) throw error;
      await sleep(clock, backoffDelay(count, random.next(), RETRY));
    }
  }
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let all = new Uint8Array();
  for await (const chunk of chunks) {
    const joined = new Uint8Array(all.length + chunk.length);
    joined.set(all);
    joined.set(chunk, all.length);
    all = joined;
  }
  return all;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function damaged(file: string, why: string): Error {
  return new CorruptRecordError(`${file} of the backup is damaged: ${why}. Nothing was restored.`, {
    data: { file, why },
  });
}
