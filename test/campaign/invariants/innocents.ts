/**
 * No node is given up to which nothing has happened, while most of the members are well too: what befalls a few watchers,
 * or storage, condemns nobody else.
 */
import type { Written } from '@jaegis/sim';
import type { Fault } from '../plan.ts';
import { type Checker, type SeenMember, Violation } from './checker.ts';
import { readPlain } from './records.ts';

interface Entry {
  readonly changes?: readonly { readonly of: SeenMember; readonly to: string }[];
}

/** What is over for so long, in ms, excuses nobody any more. */
const EXCUSED_MS = 15_000;

export class Innocents implements Checker {
  readonly invariant = 'nobody is given up to whom nothing has happened';
  readonly #members: readonly string[];
  readonly #now: () => number;
  readonly #underway = new Set<Fault>();
  /** When what has happened to a node was over. */
  readonly #overMs = new Map<string, number>();

  constructor(members: readonly string[], now: () => number) {
    this.#members = members;
    this.#now = now;
  }

  faulted(fault: Fault, isOver: boolean): void {
    if (!isOver) this.#underway.add(fault);
    else {
      this.#underway.delete(fault);
      for (const node of this.#touched(fault)) this.#overMs.set(node, this.#now());
    }
  }

  written({ stream, data, sequence }: Written): void {
    if (stream !== 'HEALTH') return;
    const { changes = [] } = readPlain(data) as Entry; // nobody else writes there
    const well = this.#members.filter((node) => !this.#isExcused(node));
    if (well.length * 2 <= this.#members.length) return;
    const wronged = changes.filter(({ of, to }) => to === 'down' && well.includes(of.id)).map(({ of }) => of.id);
    if (wronged.length > 0) throw new Violation(this.invariant, `entry ${sequence} gives up ${wronged.join(' and ')}`);
  }

  #isExcused(node: string): boolean {
    if ([...this.#underway].some((fault) => this.#touched(fault).includes(node))) return true;
    const overMs = this.#overMs.get(node);
    return overMs !== undefined && this.#now() - overMs < EXCUSED_MS;
  }

  #touched(fault: Fault): readonly string[] {
    if ('node' in fault) return [fault.node];
    if (fault.kind === 'partition') return this.#smallerSide(fault.nodes);
    if ('nodes' in fault) return fault.nodes;
    if (fault.kind === 'cut') return [...fault.from, ...fault.to];
    return fault.kind === 'blackout' ? this.#members : [];
  }

  #smallerSide(nodes: readonly string[]): readonly string[] {
    const others = this.#members.filter((node) => !nodes.includes(node));
    if (nodes.length === others.length) return this.#members;
    return nodes.length < others.length ? nodes : others;
  }
}
