/** Chance, as everything above the adapters sees it. Seeded in the simulation, the platform's in `@jaegis/node`. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A string of 16 characters (`0-9a-z`), unique for all practical purposes: incarnations, message ids. */
  id(): string;
}
