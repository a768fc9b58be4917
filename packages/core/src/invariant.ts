import { InvariantBrokenError } from './errors.ts';

/** States what must hold. Kept in production: a broken invariant crashes the actor and never continues. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantBrokenError(message);
}
