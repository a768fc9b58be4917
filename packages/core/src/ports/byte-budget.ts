/**
 * Who may hold how many bytes: whoever keeps something asks first, and gives back. Real: `MemoryBudget`
 * (`@jaegis/resilience`).
 *
 * Obligations: `reserve` takes all of the bytes or throws `OverloadedError` and takes none, whose `data` names the budget;
 * what it returns gives them back, and does nothing a second time. Both are synchronous.
 */
export interface ByteBudget {
  /** @param tenant For whom. Undefined: nobody in particular, who is one of them. @param bytes 0 or more. */
  reserve(tenant: string | undefined, bytes: number): () => void;
  /** Of all tenants together: what is larger will never be taken. */
  readonly maxBytes: number;
  readonly view: BudgetView;
}

/** A budget as inspection shows it. Plain data. */
export interface BudgetView {
  readonly name: string;
  readonly usedBytes: number;
  readonly maxBytes: number;
  /** How often it had too few left, of its own or for a tenant. */
  readonly refused: number;
}
