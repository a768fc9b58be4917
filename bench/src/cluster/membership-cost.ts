/** What membership costs a node of a large cluster, by what it costs one of a small one. */
import { costOf } from '../../../test/campaign/cost.ts';
import type { Session } from '../harness/session.ts';

/** The fewest of which each watches almost as many as of any number. */
export const FEW_MEMBERS = 10;

export function membershipCost(): Session {
  return {
    async round(size) {
      const few = await costOf(FEW_MEMBERS);
      const many = await costOf(size);
      return Math.max(many.messages / few.messages, many.bytes / few.bytes);
    },
  };
}
