/** One writer an entity, and a history that only grows: each turn follows the one before, and none takes back what was done. */
import type { Written } from '@jaegis/sim';
import { type Checker, Violation } from './checker.ts';
import { entityOf, readTurn, type SeenTurn } from './records.ts';

interface Book {
  readonly turn: SeenTurn;
  readonly entries: ReadonlySet<string>;
  /** Activations that have written, and that others have followed. */
  readonly replaced: Set<string>;
}

export class Books implements Checker {
  readonly invariant = 'one writer an entity, nothing taken back, nothing done twice';
  readonly #books = new Map<string, Book>();

  /** What is written of this entity by now, the oldest first. */
  entries(entity: string): readonly string[] {
    return this.#books.get(entity)?.turn.entries ?? [];
  }

  has(entity: string, entry: string): boolean {
    return this.#books.get(entity)?.entries.has(entry) ?? false;
  }

  get entities(): string[] {
    return [...this.#books.keys()];
  }

  written({ subject, data, timeMs }: Written): void {
    const entity = entityOf(subject);
    if (entity === undefined) return;
    const turn = readTurn(data);
    const before = this.#books.get(entity);
    const replaced = before?.replaced ?? new Set<string>();
    this.#expect(turn.turn === (before?.turn.turn ?? 0) + 1, entity, turn, `follows turn ${before?.turn.turn ?? 0}`);
    this.#expect(!replaced.has(turn.writer), entity, turn, 'is of a writer that was replaced');
    if (before !== undefined && before.turn.writer !== turn.writer) replaced.add(before.turn.writer);
    this.#compare(entity, before, turn);
    this.#checkTicks(entity, before, turn, timeMs);
    this.#books.set(entity, { turn, entries: new Set(turn.entries), replaced });
  }

  #compare(entity: string, before: Book | undefined, turn: SeenTurn): void {
    const old = before?.turn.entries ?? [];
    for (const [index, entry] of old.entries()) {
      const now = turn.entries[index];
      this.#expect(now === entry, entity, turn, `has ${now ?? 'nothing'} in the place of ${entry}`);
    }
    const twice = turn.entries.slice(old.length).find((entry, index, added) => {
      return before?.entries.has(entry) || added.indexOf(entry) !== index;
    });
    this.#expect(twice === undefined, entity, turn, `has ${twice} for the second time`);
    for (const entry of turn.entries.slice(old.length)) this.#checkPaid(entity, turn, entry);
  }

  /** What was paid to an account was paid by another one before. */
  #checkPaid(entity: string, turn: SeenTurn, entry: string): void {
    if (!entry.startsWith('paid ')) return;
    const id = entry.slice('paid '.length);
    const isPaid = this.entities.some((other) => other !== entity && this.has(other, id));
    this.#expect(isPaid, entity, turn, `was paid ${id}, which nobody has paid`);
  }

  #checkTicks(entity: string, before: Book | undefined, turn: SeenTurn, timeMs: number): void {
    for (const entry of turn.entries.slice(before?.turn.entries.length ?? 0)) {
      if (!entry.startsWith('tick ')) continue;
      const dueMs = before?.turn.timers.get(entry.slice('tick '.length));
      this.#expect(dueMs !== undefined, entity, turn, `has ${entry}, of a timer that is not set`);
      this.#expect(timeMs >= (dueMs ?? 0), entity, turn, `has ${entry}, ${(dueMs ?? 0) - timeMs} ms before its time`);
    }
  }

  #expect(isTrue: boolean, entity: string, turn: SeenTurn, what: string): void {
    if (!isTrue)
      throw new Violation(this.invariant, `turn ${turn.turn} of ${entity}, written on ${turn.node}, ${what}`);
  }
}
