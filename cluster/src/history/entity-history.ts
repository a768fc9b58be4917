/** An entity's past, as the journal keeps it: its turns, oldest first, and how each of them left it. */
import { decodeTurn } from '@jaegis/actors';
import {
  type Codec,
  type EntityId,
  formatEntityId,
  hasCode,
  InvalidConfigError,
  type Journal,
  type KeptTurn,
  TurnNotKeptError,
  type TurnRecord,
} from '@jaegis/core';
import { turnSubject } from '../placement.ts';

export interface HistoryPorts {
  readonly cluster: string;
  readonly turnJournal: Journal;
  readonly codec: Codec;
}

/** Those that cannot be read are left out: the entity's dead letters name them. */
export async function* historyOf(ports: HistoryPorts, entity: EntityId): AsyncGenerator<KeptTurn> {
  const { cluster, turnJournal, codec } = ports;
  for await (const record of turnJournal.history(turnSubject(cluster, entity))) {
    try {
      yield keptTurn(decodeTurn(codec, record), record.timeMs);
    } catch (error) {
      if (!hasCode(error, 'corrupt_record')) throw error;
    }
  }
}

/**
 * Records that cannot be read are passed over where the turn is another one.
 * @throws TurnNotKeptError, which names the oldest and the newest turn that are kept; CorruptRecordError.
 */
export async function turnOf(ports: HistoryPorts, entity: EntityId, turn: number): Promise<KeptTurn> {
  if (!Number.isSafeInteger(turn) || turn < 1) {
    throw new InvalidConfigError(`turn is ${turn}; turns are counted from 1.`, { data: { path: 'turn' } });
  }
  const { cluster, turnJournal, codec } = ports;
  const kept: number[] = [];
  let corrupt: unknown;
  for await (const record of turnJournal.history(turnSubject(cluster, entity))) {
    try {
      const found = decodeTurn(codec, record);
      if (found.turn === turn) return keptTurn(found, record.timeMs);
      kept.push(found.turn);
    } catch (error) {
      if (!hasCode(error, 'corrupt_record')) throw error;
      corrupt ??= error;
    }
  }
  const [oldest = 0, newest = 0] = [kept[0], kept.at(-1)];
  // Then it may be the one that cannot be read.
  if (corrupt !== undefined && turn > oldest - 1 && turn <= newest + 1) throw corrupt;
  throw notKept(entity, turn, kept);
}

/** Without what is for the entity alone. */
function keptTurn({ past: _, ...turn }: TurnRecord, timeMs: number): KeptTurn {
  return { ...turn, timeMs };
}

function notKept(entity: EntityId, turn: number, kept: readonly number[]): Error {
  const name = formatEntityId(entity);
  const [oldest, newest] = [kept[0], kept.at(-1)];
  const which = oldest === undefined ? 'there are none of it' : `those from ${oldest} to ${newest} are`;
  return new TurnNotKeptError(`Turn ${turn} of ${name} is not kept; ${which}.`, {
    data: { entity: name, turn, oldest, newest },
  });
}
