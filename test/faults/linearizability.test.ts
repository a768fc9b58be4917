/** The checker itself: it accepts what one object could have done, and finds what it could not. */
import { describe, expect, test } from 'vitest';
import { checkLinearizable, type Model, type Operation } from '../support/linearizability.ts';

type Input = { readonly add: number } | 'read';
const counter: Model<number, Input, number> = {
  initial: 0,
  step: (state, input) => {
    const after = input === 'read' ? state : state + input.add;
    return { state: after, output: after };
  },
};

type Recorded = Operation<Input, number>;
const done = (calledAt: number, at: number, input: Input, output: number): Recorded => ({
  input,
  calledAt,
  answer: { output, at },
});
const lost = (calledAt: number, input: Input): Recorded => ({ input, calledAt, answer: undefined });
const check = (...operations: Recorded[]) => checkLinearizable(counter, operations);

describe('it accepts', () => {
  test('no operation, and operations one after the other', () => {
    expect(check()).toEqual({ isLinearizable: true });
    expect(check(done(1, 2, { add: 5 }, 5), done(3, 4, 'read', 5), done(5, 6, { add: 1 }, 6))).toEqual({
      isLinearizable: true,
    });
  });

  test('operations that overlap, in whatever order explains their answers', () => {
    expect(check(done(1, 10, { add: 1 }, 3), done(2, 9, { add: 2 }, 2), done(3, 8, 'read', 0))).toMatchObject({
      isLinearizable: true,
    });
  });

  test('an operation without an answer that took effect late, or never', () => {
    expect(check(lost(1, { add: 7 }), done(2, 3, 'read', 0), done(4, 5, 'read', 7))).toEqual({ isLinearizable: true });
    expect(check(lost(1, { add: 7 }), done(2, 3, 'read', 0), done(4, 5, 'read', 0))).toEqual({ isLinearizable: true });
  });
});

describe('it finds', () => {
  test('a lost update', () => {
    const read = done(5, 6, 'read', 1);
    expect(check(done(1, 2, { add: 1 }, 1), done(3, 4, { add: 1 }, 2), read)).toEqual({
      isLinearizable: false,
      explained: 2,
      stuckAt: read,
    });
  });

  test('a stale read, also among operations that overlap', () => {
    const write = done(1, 2, { add: 1 }, 1);
    expect(check(write, done(3, 9, { add: 4 }, 5), done(4, 8, 'read', 0))).toMatchObject({ isLinearizable: false });
  });

  test('an operation that took effect twice, acknowledged or not', () => {
    expect(check(done(1, 2, { add: 3 }, 3), done(3, 4, 'read', 6))).toMatchObject({ isLinearizable: false });
    expect(check(lost(1, { add: 3 }), done(2, 3, 'read', 3), done(4, 5, 'read', 6))).toMatchObject({
      isLinearizable: false,
    });
  });

  test('an effect that was seen and is gone', () => {
    expect(check(lost(1, { add: 3 }), done(2, 3, 'read', 3), done(4, 5, 'read', 0))).toMatchObject({
      isLinearizable: false,
    });
  });

  test('one wrong answer among thousands that eight clients got', () => {
    const history = eightClients(4_000);
    expect(checkLinearizable(counter, history)).toEqual({ isLinearizable: true });
    const wrong = history.map((operation, index) =>
      index === 3_000 && operation.answer
        ? { ...operation, answer: { ...operation.answer, output: operation.answer.output + 1 } }
        : operation,
    );
    expect(checkLinearizable(counter, wrong)).toMatchObject({ isLinearizable: false });
  });
});

/** Eight operations overlap at any time; some are never answered. */
function eightClients(count: number): Recorded[] {
  let total = 0;
  return Array.from({ length: count }, (_, index) => {
    const by = (index * 7) % 11;
    const wasAnswered = index % 101 !== 0;
    total += by;
    const answer = wasAnswered ? { output: total, at: index * 2 + 17 } : undefined;
    return { input: { add: by }, calledAt: index * 2, answer };
  });
}
