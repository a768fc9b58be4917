/** What must hold of the turns that are in an entity's record, whoever was frozen, cut off or killed meanwhile. */
import { setTimeout } from 'node:timers/promises';
import { hasCode } from '@jaegis/core';
import type { EntityId, JaegisNode, TurnRecord } from 'jaegis';

/** Per entity under fire, so that all of them can be looked at in the end. */
export const turnsKept = 20_000;

export type WrittenTurn = Pick<TurnRecord, 'turn' | 'writer' | 'node'>;

/** What is wrong, in words: turns that do not follow each other, and writers that came back after they were replaced. */
export function wrongTurns(turns: readonly WrittenTurn[]): string[] {
  const wrong: string[] = [];
  const replaced = new Set<string>();
  let before: WrittenTurn = { turn: 0, writer: turns[0]?.writer ?? '', node: '' };
  for (const turn of turns) {
    if (turn.turn !== before.turn + 1) wrong.push(`turn ${turn.turn} of ${turn.node} follows turn ${before.turn}`);
    if (turn.writer !== before.writer) replaced.add(before.writer);
    if (replaced.has(turn.writer)) wrong.push(`turn ${turn.turn} is of a writer on ${turn.node} that was replaced`);
    before = turn;
  }
  return wrong;
}

/** Again while the servers are at an election, as the error says. */
export async function turnsOf(node: JaegisNode, entity: EntityId): Promise<WrittenTurn[]> {
  for (;;) {
    try {
      const turns: WrittenTurn[] = [];
      for await (const { turn, writer, node: by } of node.history({ entity })) turns.push({ turn, writer, node: by });
      return turns;
    } catch (error) {
      if (!hasCode(error, 'storage_unavailable')) throw error;
      await setTimeout(100);
    }
  }
}
