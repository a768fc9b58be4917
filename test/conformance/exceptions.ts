/** The rows that no test shows as they stand, each with the reason why. docs/conformance.md prints them. */
export interface Exception {
  /** As in rows.json. */
  readonly case: string;
  /** `does not apply`: there is nothing here that it could be about. `differs`: by design we do otherwise; a test may show how. */
  readonly kind: 'does not apply' | 'differs';
  /** One sentence or two, for somebody who knows the peer. */
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [];
