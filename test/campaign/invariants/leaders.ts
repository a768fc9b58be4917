/** One leader a term; the log is its word: entries of a term are its leader's, and what is said of them is what is there. */
import type { Sighting, Written } from '@jaegis/sim';
import { type Checker, Violation } from './checker.ts';
import { readPlain } from './records.ts';

interface Entry {
  readonly kind: string;
  readonly term: number;
  readonly by: { readonly id: string; readonly incarnation: string };
}

export class Leaders implements Checker {
  readonly invariant = 'one leader a term, and one log for all';
  /** By term, as the log has it. */
  readonly #leaders = new Map<number, string>();
  /** By sequence, as text. */
  readonly #entries = new Map<number, string>();
  #term = 0;

  written({ stream, data, by, sequence }: Written): void {
    if (stream !== 'HEALTH') return;
    const entry = readPlain(data) as Entry; // nobody else writes there
    const leader = lifeOf(entry.by);
    const what = `entry ${sequence}, ${entry.kind} of term ${entry.term} by ${leader}`;
    this.#expect(by === entry.by.id, `${what}, was written by ${by}`);
    this.#expect(entry.term >= this.#term, `${what}, came after term ${this.#term}`);
    if (entry.kind === 'term') {
      this.#expect(entry.term > this.#term, `${what}, was taken by ${this.#leaders.get(entry.term)} already`);
      this.#leaders.set(entry.term, leader);
    }
    const known = this.#leaders.get(entry.term);
    this.#expect(known === leader, `${what}, is of a term that ${known ?? 'nobody'} leads`);
    this.#term = entry.term;
    this.#entries.set(sequence, JSON.stringify(entry));
  }

  sighted({ subject, data, from, to }: Sighting): void {
    if (to !== undefined) return;
    if (subject.endsWith('.consensus.leads'))
      this.#checkWord(from, readPlain(data) as { term: number; leader: Entry['by'] });
    if (subject.endsWith('.consensus.entry'))
      this.#checkEntry(from, readPlain(data) as { sequence: number; entry: Entry });
  }

  #checkWord(from: string, { term, leader }: { readonly term: number; readonly leader: Entry['by'] }): void {
    const known = this.#leaders.get(term);
    const what = `${lifeOf(leader)} says that it leads term ${term}, which ${known ?? 'nobody'} leads`;
    this.#expect(known === lifeOf(leader) && from === leader.id, what);
  }

  #checkEntry(from: string, { sequence, entry }: { readonly sequence: number; readonly entry: Entry }): void {
    const known = this.#entries.get(sequence);
    const said = JSON.stringify(entry);
    this.#expect(known === said, `${from} says that entry ${sequence} is ${said}, and it is ${known ?? 'not there'}`);
  }

  #expect(isTrue: boolean, what: string): void {
    if (!isTrue) throw new Violation(this.invariant, what);
  }
}

function lifeOf({ id, incarnation }: Entry['by']): string {
  return `${id}/${incarnation}`;
}
