/** What the entities of a cluster have put aside, by their records: also of those that are not active. */
import { decodeTurn } from '@jaegis/actors';
import { type DeadLetter, type ErrorData, errorToData, formatEntityId } from '@jaegis/core';
import { entityOfSubject, turnSubjects } from '../placement.ts';
import type { HistoryPorts } from './entity-history.ts';

export interface EntityLetters {
  /** As `type/key`. */
  readonly entity: string;
  /** Messages that it gave up and turns that it lost, oldest first; the last few are kept. */
  readonly deadLetters: readonly DeadLetter[];
  /** Why its newest record cannot be read; undefined where it can. What is to be done about it is done when it starts. */
  readonly unreadable: ErrorData | undefined;
}

/** Those that have put something aside, or cannot be read. One read for each entity. */
export async function* deadLettersOf({ cluster, turnJournal, codec }: HistoryPorts): AsyncGenerator<EntityLetters> {
  for (const subject of await turnJournal.subjects(turnSubjects(cluster))) {
    const id = entityOfSubject(subject);
    const record = await turnJournal.last(subject);
    if (id === undefined || record === undefined) continue;
    const entity = formatEntityId(id);
    try {
      const { deadLetters } = decodeTurn(codec, record);
      if (deadLetters.length > 0) yield { entity, deadLetters, unreadable: undefined };
    } catch (error) {
      yield { entity, deadLetters: [], unreadable: errorToData(error) };
    }
  }
}
