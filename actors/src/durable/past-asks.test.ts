import { limits } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { nothingPast, PastAsks } from './past-asks.ts';

const KEPT = limits.turnHistory;
const of = (turn: number) => `ask ${turn}`;

/** Turns of one ask each. */
function turns(past: PastAsks, from: number, to: number): void {
  for (let turn = from; turn <= to; turn++) past.add([of(turn)], false);
}

/** As the next owner has it from the record. */
function read(past: PastAsks): PastAsks {
  return new PastAsks(past.bytes, KEPT);
}

describe('what is known of the asks of the turns that are kept', () => {
  it('is that each of them may have been answered, and another one has not', () => {
    const past = new PastAsks(nothingPast, KEPT);
    turns(past, 1, 40);
    for (const known of [past, read(past)]) {
      for (let turn = 1; turn <= 40; turn++) expect(known.mayHave(of(turn))).toBe(true);
      const taken = Array.from({ length: 10_000 }, (_, index) => known.mayHave(`other ${index}`));
      expect(taken.filter(Boolean).length).toBeLessThan(200);
    }
  });

  it('is that any may have, where the record says nothing', () => {
    expect(new PastAsks(undefined, KEPT).mayHave('any')).toBe(true);
    expect(new PastAsks(undefined, KEPT).bytes).toBeUndefined();
  });

  it('is all again once as many turns have followed as are kept', () => {
    const past = new PastAsks(undefined, KEPT);
    turns(past, 1, KEPT - 1);
    expect(past.bytes).toBeUndefined();
    turns(past, KEPT, KEPT);
    expect([past.mayHave(of(2)), past.mayHave('other'), read(past).mayHave('other')]).toEqual([true, false, false]);
  });

  it('takes a byte and a half for each turn of one ask or none, and of no more turns than are kept before the next', () => {
    const past = new PastAsks(nothingPast, KEPT);
    for (let turn = 1; turn <= 3 * KEPT; turn++) past.add(turn % 2 === 0 ? [of(turn)] : [], false);
    expect(past.bytes).toHaveLength(Math.ceil(1.5 * (KEPT - 1)));
    expect([past.mayHave(of(2 * KEPT)), past.mayHave(of(2 * KEPT + 2))]).toEqual([false, true]);
  });

  it('is not written where it is more than the bound, until it is less again', () => {
    const past = new PastAsks(nothingPast, KEPT);
    turns(past, 1, 10);
    past.add(
      Array.from({ length: limits.pastAsks }, (_, index) => `of one turn ${index}`),
      false,
    );
    expect([past.bytes, past.mayHave('other')]).toEqual([undefined, true]);
    turns(past, 11, 11 + KEPT);
    expect([past.mayHave(of(20)), past.mayHave('other')]).toEqual([true, false]);
  });

  it('goes with its turns, however many asks each of them has', () => {
    const past = new PastAsks(nothingPast, 5);
    for (const ids of [['a', 'b', 'c'], [], ['d'], ['e', 'f']]) past.add(ids, false);
    const next = new PastAsks(past.bytes, 5);
    expect(next.bytes).toEqual(past.bytes);
    next.add(['g'], false);
    expect(['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter((id) => next.mayHave(id))).toEqual(['d', 'e', 'f', 'g']);
  });

  it('is what a turn has that replaces those before it', () => {
    const past = new PastAsks(undefined, KEPT);
    turns(past, 1, 10);
    past.add(['carried', 'own'], true);
    for (const known of [past, read(past)]) {
      expect(['carried', 'own', of(10)].map((id) => known.mayHave(id))).toEqual([true, true, false]);
    }
  });

  it('is never more than what is kept, where that is without bound', () => {
    const past = new PastAsks(nothingPast, Number.POSITIVE_INFINITY);
    turns(past, 1, limits.pastAsks - 1);
    expect(past.mayHave('other')).toBe(false);
    turns(past, limits.pastAsks, 10 * limits.pastAsks);
    expect([past.mayHave('other'), past.bytes]).toEqual([true, undefined]);
  });
});
