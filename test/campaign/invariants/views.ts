/** Views grow in epoch on each node; of an epoch there is one view, and of a life one incarnation. */
import { type Checker, type SeenLife, type SeenView, Violation } from './checker.ts';

export class Views implements Checker {
  readonly invariant = 'views only grow in epoch, one view an epoch';
  readonly #byEpoch = new Map<number, { readonly text: string; readonly from: string }>();
  readonly #epochs = new Map<string, number>();

  viewed({ name, number }: SeenLife, view: SeenView): void {
    const life = `${name}, life ${number}`;
    const before = this.#epochs.get(life) ?? 0;
    if (view.epoch <= before) {
      throw new Violation(this.invariant, `${life} went from epoch ${before} to ${view.epoch}`);
    }
    this.#epochs.set(life, view.epoch);
    this.#compare(view, life);
  }

  #compare({ epoch, members }: SeenView, from: string): void {
    const text = members.map(({ id, incarnation }) => `${id}/${incarnation}`).join(' ');
    const known = this.#byEpoch.get(epoch);
    if (known === undefined) this.#byEpoch.set(epoch, { text, from });
    else if (known.text !== text) {
      const what = `epoch ${epoch} is ${known.text} in ${known.from}, and ${text} in ${from}`;
      throw new Violation(this.invariant, what);
    }
  }
}

export class Incarnations implements Checker {
  readonly invariant = 'an incarnation is of one life';
  readonly #lives = new Map<string, string>();

  viewed({ name, number, incarnation }: SeenLife): void {
    const life = `${name}, life ${number}`;
    const known = this.#lives.get(incarnation) ?? life;
    this.#lives.set(incarnation, life);
    if (known !== life) throw new Violation(this.invariant, `${incarnation} is that of ${known} and of ${life}`);
  }
}
