import type { TurnRecord } from 'jaegis';

/** What the whole history says about the messages between entities, and about the turns themselves. */
export interface Audit {
  readonly turns: number;
  readonly sent: number;
  /** Sent, and in no turn of its receiver. */
  readonly lost: readonly string[];
  /** In more than one turn. */
  readonly twice: readonly string[];
  /** Turns that are missing from a history or there twice. */
  readonly gaps: readonly string[];
}

/** Reads the journal's records alone: it trusts nothing that the runtime says about itself. */
export function audit(histories: ReadonlyMap<string, readonly TurnRecord[]>): Audit {
  const sent = new Set<string>();
  const consumed = new Map<string, number>();
  const gaps: string[] = [];
  let turns = 0;
  for (const [entity, records] of histories) {
    turns += records.length;
    records.forEach((record, index) => {
      if (record.turn !== index + 1) gaps.push(`${entity}: record ${index + 1} is turn ${record.turn}`);
      for (const id of record.sent) sent.add(id);
      for (const id of record.consumed) consumed.set(id, (consumed.get(id) ?? 0) + 1);
    });
  }
  return {
    turns,
    sent: sent.size,
    lost: [...sent].filter((id) => !consumed.has(id)),
    twice: [...consumed].filter(([, times]) => times > 1).map(([id]) => id),
    gaps,
  };
}
