/**
 * Nobody is given up without a majority of the members that are not accused: the voters that an entry names are so many,
 * and each of them has said so, over the network, not long before.
 */
import type { Sighting, Written } from '@jaegis/sim';
import { type Checker, type SeenMember, Violation } from './checker.ts';
import { readPlain } from './records.ts';

interface Change {
  readonly of: SeenMember;
  readonly to: string;
}

interface Asked {
  readonly kind: string;
  readonly member?: SeenMember;
}

interface Entry extends Asked {
  /** Of `status`, and of `several`. */
  readonly changes?: readonly (Change & Asked)[];
  readonly voters?: readonly string[];
  readonly table?: { readonly rows: readonly { readonly member: SeenMember }[] };
}

interface Testimony {
  readonly by: string;
  readonly observations: readonly { readonly of: SeenMember; readonly sees: string }[];
}

/** What was said longer ago, in ms, is no answer to the question that the entry came from. */
const FRESH_MS = 3_000;

export class Agreement implements Checker {
  readonly invariant = 'nobody is given up without a majority';
  readonly #now: () => number;
  /** By incarnation. */
  #members = new Map<string, string>();
  /** Who said when that it misses whom. */
  readonly #said = new Map<string, number>();

  /** @param now In ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  written({ stream, data, sequence }: Written): void {
    if (stream !== 'HEALTH') return;
    const entry = readPlain(data) as Entry; // nobody else writes there
    const gone = entry.changes?.filter(({ to }) => to === 'down' || to === 'unreachable') ?? [];
    if (gone.length > 0) this.#checkVoters(sequence, gone, entry.voters ?? []);
    this.#apply(entry);
  }

  sighted({ subject, data, from, to }: Sighting): void {
    if (to !== undefined || !subject.includes('.consensus.reply.')) return;
    const word = readPlain(data) as Partial<Testimony>;
    if (word.by !== from || word.observations === undefined) return;
    for (const { of, sees } of word.observations) {
      if (sees !== 'alive') this.#said.set(`${from} ${of.incarnation}`, this.#now());
    }
  }

  #checkVoters(sequence: number, gone: readonly Change[], voters: readonly string[]): void {
    const accused = new Set(gone.map(({ of }) => of.id));
    const entitled = [...this.#members.values()].filter((id) => !accused.has(id));
    const what = `entry ${sequence} gives up ${[...accused].join(' and ')} by the vote of ${voters.join(', ') || 'nobody'}`;
    const yes = voters.filter((id) => entitled.includes(id));
    if (entitled.length === 0) return;
    if (yes.length * 2 <= entitled.length)
      throw new Violation(this.invariant, `${what}, and there are ${entitled.join(', ')}`);
    for (const voter of yes) {
      const isTrue = gone.some(
        ({ of }) => this.#now() - (this.#said.get(`${voter} ${of.incarnation}`) ?? -FRESH_MS) < FRESH_MS,
      );
      if (!isTrue) throw new Violation(this.invariant, `${what}, but ${voter} has not said so`);
    }
  }

  #apply({ kind, changes = [], member, table }: Entry): void {
    if (kind === 'snapshot' && table)
      this.#members = new Map(table.rows.map((row) => [row.member.incarnation, row.member.id]));
    if (kind === 'several') for (const change of changes) this.#apply(change);
    if (kind === 'join' && member) {
      for (const [incarnation, id] of this.#members) if (id === member.id) this.#members.delete(incarnation);
      this.#members.set(member.incarnation, member.id);
    }
    if (kind === 'leave' && member) this.#members.delete(member.incarnation);
    for (const { of, to } of changes) if (to === 'down') this.#members.delete(of.incarnation);
  }
}
