/** Nothing acknowledged is lost, and answers are true: of what is written when they come, and in the order of calls. */
import type { Operation } from '../operations.ts';
import type { Books } from './books.ts';
import { type Checker, Violation } from './checker.ts';

export class Promises implements Checker {
  readonly invariant = 'nothing acknowledged is lost, and answers are in order';
  readonly #books: Books;
  /** By entity, how many entries a client was told of. */
  readonly #told = new Map<string, number>();
  /** By operation, the same when it was called. */
  readonly #floors = new Map<string, number>();
  /** Acknowledged, and to have their effect in time: by entity and session, in their order. */
  readonly #notes = new Map<string, string[]>();
  readonly #reminders: Operation[] = [];
  readonly #payments: Operation[] = [];

  constructor(books: Books) {
    this.#books = books;
  }

  called({ id, entity }: Operation): void {
    this.#floors.set(id, this.#told.get(entity) ?? 0);
  }

  answered(operation: Operation, reply: unknown): void {
    const { id, kind, entity, session } = operation;
    if (kind === 'note') {
      const key = `${entity} ${session}`;
      this.#notes.set(key, [...(this.#notes.get(key) ?? []), id]);
      return;
    }
    const count = Number(reply);
    const entries = this.#books.entries(entity);
    const floor = this.#floors.get(id) ?? 0;
    this.#expect(count <= entries.length, operation, `was answered ${reply}, but ${entries.length} are written`);
    if (kind === 'count') {
      this.#expect(count >= floor, operation, `was answered ${reply}, after somebody was told of ${floor}`);
    } else {
      const there = entries[count - 1];
      this.#expect(there === id, operation, `was acknowledged as entry ${count}, where ${there ?? 'nothing'} is`);
      this.#expect(count > floor, operation, `was made entry ${count}, after somebody was told of ${floor}`);
    }
    this.#told.set(entity, Math.max(count, this.#told.get(entity) ?? 0));
    if (kind === 'remind') this.#reminders.push(operation);
    if (kind === 'pay') this.#payments.push(operation);
  }

  missing(): string[] {
    const books = this.#books;
    return [
      ...[...this.#notes].flatMap(([key, ids]) => {
        const entity = key.slice(0, key.indexOf(' '));
        this.#checkOrder(entity, ids);
        return ids.filter((id) => !books.has(entity, id)).map((id) => `${id}, which was sent to ${entity}`);
      }),
      ...this.#reminders
        .filter(({ entity, id }) => !books.has(entity, `tick ${id}`))
        .map(({ entity, id }) => `the timer ${id} of ${entity}`),
      ...this.#payments
        .filter(({ to, id }) => !books.has(`account/${to}`, `paid ${id}`))
        .map(({ entity, to, id }) => `${id}, which ${entity} paid to account/${to}`),
    ];
  }

  /** What one session has sent, one after the other, is handled in that order. */
  #checkOrder(entity: string, ids: readonly string[]): void {
    const places = ids.map((id) => this.#books.entries(entity).indexOf(id)).filter((place) => place >= 0);
    const isInOrder = places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0));
    if (!isInOrder)
      throw new Violation(
        this.invariant,
        `${ids.join(', ')} were sent to ${entity} in this order, and handled in another`,
      );
  }

  #expect(isTrue: boolean, { kind, id, entity }: Operation, what: string): void {
    if (!isTrue) throw new Violation(this.invariant, `${kind} ${id} of ${entity} ${what}`);
  }
}
