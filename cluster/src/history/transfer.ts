/** Entities out of a cluster and into one: exports as one document, imports as one turn, which fences who owns it. */
import { decodeTurn, InboxTimers, TurnLog } from '@jaegis/actors';
import {
  AlreadyExistsError,
  type Clock,
  CorruptRecordError,
  type DurableTimer,
  type EntityId,
  formatEntityId,
  hasCode,
  type InboxStream,
  type Logger,
  limits,
  type NewDigest,
  NoSuchActorError,
  type Random,
  type TurnRecord,
} from '@jaegis/core';
import { inboxSubject, timerSubject, turnSubject } from '../placement.ts';
import { decodeDocument, type EntityDocument, encodeDocument } from './entity-document.ts';
import type { HistoryPorts } from './entity-history.ts';
import { importedTurn } from './import-turn.ts';

/** The world as exports, imports, backups and restores need it. */
export interface StatePorts extends HistoryPorts {
  readonly inbox: InboxStream;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly digest: NewDigest;
  /** Who does it, for the records. */
  readonly node: string;
}

export interface ImportOptions {
  /** Under another name. Default: its own. A copy does not send what the original has still to send. */
  readonly as?: EntityId;
  /** Whether an entity of that name is replaced. Its history stays, and goes on with the import. Default false. */
  readonly replace?: boolean;
}

export interface ImportReport {
  readonly entity: EntityId;
  /** The turn that the import is. */
  readonly turn: number;
  readonly timers: number;
  /** Messages that go on to leave. */
  readonly outbox: number;
}

/** While the owner of an entity goes on writing, the import tries so often to come in between. */
const ATTEMPTS = 16;

/** @throws NoSuchActorError when it has no record. */
export async function exportEntity(ports: StatePorts, entity: EntityId): Promise<Uint8Array> {
  const { cluster, turnJournal, codec, digest } = ports;
  const records: EntityDocument['records'][number][] = [];
  for await (const { timeMs, data } of turnJournal.history(turnSubject(cluster, entity)))
    records.push({ timeMs, data });
  if (records.length === 0) {
    throw new NoSuchActorError(`${formatEntityId(entity)} has no record in cluster "${cluster}".`);
  }
  return encodeDocument(codec, digest, { entity, cluster, records });
}

/**
 * One append: it is there whole or not at all. Then its timers are set; when that fails, importing it again with
 * `replace` sets them.
 *
 * @throws CorruptRecordError, MigrationRefusedError for the document; AlreadyExistsError; FencedError when the owner of
 * the entity that is replaced wrote each time.
 */
export async function importEntity(
  ports: StatePorts,
  bytes: Uint8Array,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { codec, digest } = ports;
  const document = decodeDocument(codec, digest, bytes);
  const entity = options.as ?? document.entity;
  const turns = turnsOf(ports, document);
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(ports, entity, turns, { ...options, isCopy: !isSame(entity, document.entity) });
    } catch (error) {
      if (!hasCode(error, 'fenced') || attempt >= ATTEMPTS) throw error;
    }
  }
}

/** Those that can be read; all that follows from the rest was never acted upon. */
function turnsOf({ codec }: StatePorts, { entity, records }: EntityDocument): readonly TurnRecord[] {
  const subject = formatEntityId(entity);
  let first: unknown;
  const turns = records.flatMap((record, index) => {
    try {
      return decodeTurn(codec, { ...record, subject, sequence: index + 1 });
    } catch (error) {
      if (!hasCode(error, 'corrupt_record')) throw error;
      first ??= error;
      return [];
    }
  });
  if (turns.length === 0) throw first ?? new CorruptRecordError(`The document of ${subject} holds no turn.`);
  return turns;
}

async function write(
  ports: StatePorts,
  entity: EntityId,
  turns: readonly TurnRecord[],
  { replace = false, isCopy }: ImportOptions & { readonly isCopy: boolean },
): Promise<ImportReport> {
  const { cluster, turnJournal: journal, codec, clock, random, node } = ports;
  const { signal } = new AbortController();
  const log = new TurnLog({ subject: turnSubject(cluster, entity), journal, codec, clock, random });
  const loaded = await log.load(signal).catch((error) => {
    if (!replace || !hasCode(error, 'corrupt_record')) throw error;
    return { turn: undefined, lost: limits.turnHistory }; // what it replaces is beyond reading
  });
  const present = loaded?.turn;
  if (present !== undefined && !replace) {
    const name = formatEntityId(entity);
    throw new AlreadyExistsError(`${name} is in cluster "${cluster}" already, at turn ${present.turn}.`, {
      data: { entity: name, turn: present.turn },
    });
  }
  const newest = turns.at(-1);
  if (newest === undefined) throw new CorruptRecordError(`The document of ${formatEntityId(entity)} holds no turn.`);
  const writer = random.id().slice(0, WRITER_LENGTH);
  const turn = importedTurn(newest, { turns, present, lost: loaded?.lost ?? 0, isCopy, writer, node });
  await log.append(turn, signal);
  await setTimers(ports, entity, turn.timers);
  return { entity, turn: turn.turn, timers: turn.timers.length, outbox: turn.outbox.length };
}

const WRITER_LENGTH = 8;

/** What is due already fires at once. */
export async function setTimers(ports: StatePorts, entity: EntityId, timers: readonly DurableTimer[]): Promise<void> {
  const { cluster, inbox, codec, clock, random, logger } = ports;
  const schedules = new InboxTimers({
    inbox,
    codec,
    clock,
    random,
    logger,
    signal: new AbortController().signal,
    inboxSubject: inboxSubject(cluster, entity),
    timerSubject: (id) => timerSubject(cluster, entity, id),
  });
  for (const timer of timers) await schedules.set(timer);
}

function isSame(a: EntityId, b: EntityId): boolean {
  return a.type === b.type && a.key === b.key;
}
