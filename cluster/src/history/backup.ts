/**
 * The state of a cluster as files, taken while it runs. Inboxes are read before the turns: what was consumed meanwhile is
 * in the turns, and a restore passes over it. The turns are those up to one moment, so that no entity is in it as it was
 * after another one's message that is not. Timers are in the turns.
 */
import { decodeTurn } from '@jaegis/actors';
import { AlreadyExistsError, type Archive, hasCode, type JournalRecord, OverloadedError } from '@jaegis/core';
import { entityOfSubject, inboxFilter, turnSubjects } from '../placement.ts';
import { frameOf } from './frames.ts';
import { type BackupFile, type BackupReport, encodeManifest, manifestFile } from './manifest.ts';
import type { StatePorts } from './transfer.ts';

export const inboxFile = 'inbox.bin';
export const turnsFile = 'turns.bin';
/** Entities may write on so fast that all that was read of them is gone before the end: then the end is moved so often. */
const PASSES = 16;

/** @throws AlreadyExistsError when the archive is not empty, OverloadedError when the cluster writes too fast to be read. */
export async function backup(ports: StatePorts, archive: Archive): Promise<BackupReport> {
  const there = await archive.list();
  if (there.length > 0) {
    throw new AlreadyExistsError(`The place for the backup is not empty: it holds ${there[0]}.`, {
      data: { files: there },
    });
  }
  const takenAtMs = ports.clock.now();
  const entities = new Map<string, number>();
  const files = [
    await writeFile(ports, archive, inboxFile, messages(ports)),
    await writeFile(ports, archive, turnsFile, turns(ports, entities)),
  ];
  const report = { cluster: ports.cluster, takenAtMs, entities: entities.size, files };
  await archive.write(manifestFile, once(encodeManifest(ports.digest, report)));
  return report;
}

async function writeFile(
  { digest }: StatePorts,
  archive: Archive,
  name: string,
  contents: AsyncIterable<Uint8Array>,
): Promise<BackupFile> {
  const sum = digest();
  let [bytes, records] = [0, 0];
  async function* frames() {
    for await (const record of contents) {
      const frame = frameOf(record);
      sum.update(frame);
      bytes += frame.length;
      records += 1;
      yield frame;
    }
  }
  await archive.write(name, frames());
  return { name, bytes, records, sha256: sum.hex() };
}

async function* messages({ cluster, inbox, codec }: StatePorts): AsyncGenerator<Uint8Array> {
  for await (const { subject, sequence, timeMs, data } of inbox.kept(inboxFilter(cluster))) {
    const entity = entityOfSubject(subject);
    if (entity) yield codec.encode([entity.type, entity.key, sequence, timeMs, data]);
  }
}

/**
 * Up to the sequence that was the newest when they were asked for. An entity's records may be dropped while others are
 * read; then the last of them before that sequence is not in the file, and the end is moved on.
 *
 * @param newest By subject, the number of the last turn that is in the file; filled as it goes.
 */
async function* turns(ports: StatePorts, newest: Map<string, number>): AsyncGenerator<Uint8Array> {
  const { cluster, turnJournal, codec } = ports;
  const filter = turnSubjects(cluster);
  let last = 0;
  for (let pass = 1; ; pass++) {
    const present = await turnJournal.subjects(filter);
    for await (const record of turnJournal.history(filter, last)) {
      const { subject, sequence, timeMs, data } = record;
      last = sequence;
      const entity = entityOfSubject(subject);
      if (!entity) continue;
      newest.set(subject, turnNumber(ports, record) ?? newest.get(subject) ?? 0);
      yield codec.encode([entity.type, entity.key, sequence, timeMs, data]);
    }
    const missed = present.find((subject) => !newest.has(subject)) ?? (await gapAfter(ports, last, newest));
    if (missed === undefined) return;
    if (pass >= PASSES) {
      throw new OverloadedError(`${missed} is written to faster than it can be read.`, { data: { subject: missed } });
    }
  }
}

/** An entity whose first record after the end does not follow the last one in the file: some between were dropped. */
async function gapAfter(ports: StatePorts, end: number, newest: ReadonlyMap<string, number>) {
  const looked = new Set<string>();
  for await (const record of ports.turnJournal.history(turnSubjects(ports.cluster), end)) {
    const { subject } = record;
    const before = newest.get(subject);
    if (before === undefined || looked.has(subject)) continue;
    looked.add(subject);
    const turn = turnNumber(ports, record);
    if (turn !== undefined && turn > before + 1) return subject;
  }
  return undefined;
}

/** Undefined for one that cannot be read; the entity goes on from the one before it. */
function turnNumber({ codec }: StatePorts, record: JournalRecord): number | undefined {
  try {
    return decodeTurn(codec, record).turn;
  } catch (error) {
    if (hasCode(error, 'corrupt_record')) return undefined;
    throw error;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
