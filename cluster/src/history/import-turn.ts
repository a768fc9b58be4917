/** What an imported entity goes on from. Pure; called by the import. */
import { newestOf } from '@jaegis/actors';
import { type Answered, isKeyedAskId, limits, type TurnRecord } from '@jaegis/core';

export interface Imported {
  /** The readable turns of the document, oldest first. */
  readonly turns: readonly TurnRecord[];
  /** The newest turn of the entity that is replaced. */
  readonly present: TurnRecord | undefined;
  /** Turns of the replaced entity that cannot be read. */
  readonly lost: number;
  /** It comes under another name than its own. */
  readonly isCopy: boolean;
  readonly writer: string;
  /** Who imports. */
  readonly node: string;
}

/** As the type of the message that an import is in the audit trail. */
export const importedType = 'jaegis.import';

/**
 * The turn that an import writes. Positions in the inbox are those of the cluster that it comes to: the sequences of
 * another stream say nothing there. Numbers that the replaced entity gave to outgoing messages are not given again, since
 * receivers would take the new messages for those. What waits to leave is the original's to send, not a copy's.
 */
export function importedTurn(
  { past: _, ...newest }: TurnRecord,
  { turns, present, lost, isCopy, writer, node }: Imported,
): TurnRecord {
  return {
    ...newest,
    turn: Math.max(newest.turn, present?.turn ?? 0) + 1,
    writer,
    node,
    outbox: isCopy ? [] : newest.outbox,
    nextOut: Math.max(newest.nextOut, present?.nextOut ?? 1) + lost * limits.outbox,
    inbox: present?.inbox ?? { upTo: 0, ahead: [] },
    answered: lastAnswered(turns),
    handled: [{ type: importedType, from: node, count: 1 }],
    consumed: [],
    sent: [],
  };
}

/** So that an ask which is repeated after the import still has one effect: of those with a key. */
function lastAnswered(turns: readonly TurnRecord[]): readonly Answered[] {
  const answered = turns.flatMap((turn) => turn.answered).filter(({ id }) => isKeyedAskId(id));
  const byId = new Map(answered.map((entry) => [entry.id, entry]));
  return newestOf([...byId.values()], { count: limits.idempotencyKeys, bytes: limits.turnBytes });
}
