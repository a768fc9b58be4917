/**
 * The state of a cluster as files, taken while it runs. Inboxes are read before the turns: what was consumed meanwhile is
 * in the turns, and a restore passes over it. The turns are those up to one moment, so that no entity is in it as it was
 * after another one's message that is not. Timers are in the turns.
 */
import { AlreadyExistsError, type Archive, OverloadedError } from '@jaegis/core';
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
  const entities = new Set<string>();
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

/** @param entities Those that are in it, by subject; filled as it goes. */
async function* turns(ports: StatePorts, entities: Set<string>): AsyncGenerator<Uint8Array> {
  const { cluster, turnJournal, codec } = ports;
  const filter = turnSubjects(cluster);
  let last = 0;
  for (let pass = 1; ; pass++) {
    const present = await turnJournal.subjects(filter);
    for await (const { subject, sequence, timeMs, data } of turnJournal.history(filter, last)) {
      last = sequence;
      const entity = entityOfSubject(subject);
      if (!entity) continue;
      entities.add(subject);
      yield codec.encode([entity.type, entity.key, sequence, timeMs, data]);
    }
    const missed = present.find((subject) => !entities.has(subject));
    if (missed === undefined) return;
    if (pass >= PASSES) {
      throw new OverloadedError(`${missed} is written to faster than it can be read.`, { data: { subject: missed } });
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
