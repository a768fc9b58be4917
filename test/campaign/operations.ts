/** What clients do, and what came of it. */
export type OperationKind = 'add' | 'count' | 'note' | 'remind' | 'pay';

export interface Operation {
  /** Unique in a run. */
  readonly id: string;
  readonly kind: OperationKind;
  /** `type/key`. */
  readonly entity: string;
  /** Who does it, one operation after the other. */
  readonly session: string;
  /** The key of the account that is paid. */
  readonly to: string;
  readonly afterMs: number;
}
