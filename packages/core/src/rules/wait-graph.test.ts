import { describe, expect, test } from 'vitest';
import { chooseVictim, deadlockError, resolveDeadlock, type WaitStep } from './deadlock.ts';
import {
  addWait,
  closingCycle,
  innerWaiter,
  isReentrantCall,
  removeWait,
  removeWaits,
  type WaitEdge,
  type Waiter,
  walkWaits,
} from './wait-graph.ts';

const actor = (address: string, more: Partial<Waiter> = {}): Waiter => ({
  waits: undefined,
  address,
  priority: 0,
  reentrant: false,
  ...more,
});

let sequence = 0;

function ask(from: Waiter | undefined, to: Waiter | undefined, more: { type?: string; cause?: WaitEdge } = {}) {
  const edge: WaitEdge & { to: Waiter | undefined; failed: unknown } = {
    from,
    to,
    message: { type: more.type ?? 'work' },
    sequence: ++sequence,
    cause: more.cause,
    waiting: false,
    nextWait: undefined,
    previousWait: undefined,
    failed: undefined,
    fail(error) {
      this.failed = error;
    },
  };
  return edge;
}

/** Asks and waits. */
function wait(from: Waiter, to: Waiter, more: { type?: string; cause?: WaitEdge } = {}) {
  const edge = ask(from, to, more);
  addWait(edge);
  return edge;
}

const waitsOf = (waiter: Waiter) => {
  const found: WaitEdge[] = [];
  for (let edge = waiter.waits; edge; edge = edge.nextWait) found.push(edge);
  return found;
};

/** A chain of actors, each of which waits for the next. */
function chain(length: number): { actors: Waiter[]; first: Waiter; last: Waiter } {
  const actors = Array.from({ length }, (_, index) => actor(`a${index}`));
  for (const [index, from] of actors.entries()) {
    const to = actors[index + 1];
    if (to) wait(from, to);
  }
  return { actors, first: actors[0] as Waiter, last: actors.at(-1) as Waiter }; // length is at least 1
}

describe('the list of waits', () => {
  test.each([
    [0, 1, 2],
    [2, 1, 0],
    [1, 0, 2],
    [1, 2, 0],
  ])('holds what is left when asks %i, %i and %i end in this order', (...order) => {
    const a = actor('a');
    const edges = [wait(a, actor('b')), wait(a, actor('c')), wait(a, actor('d'))];
    const left = new Set<WaitEdge>(edges);
    for (const index of order) {
      const edge = edges[index] as WaitEdge; // the table holds 0 to 2
      removeWait(edge);
      left.delete(edge);
      expect(new Set(waitsOf(a))).toEqual(left);
    }
    expect(a.waits).toBeUndefined();
  });

  test('does not change when an ask is added or ends a second time', () => {
    const a = actor('a');
    const first = wait(a, actor('b'));
    const second = wait(a, actor('c'));
    addWait(first);
    expect(waitsOf(a)).toEqual([second, first]);
    removeWait(first);
    removeWait(first);
    expect(waitsOf(a)).toEqual([second]);
  });

  test('is empty when the handler has ended', () => {
    const a = actor('a');
    const edges = [wait(a, actor('b')), wait(a, actor('c'))];
    removeWaits(a);
    expect(a.waits).toBeUndefined();
    expect(edges.map((edge) => edge.waiting)).toEqual([false, false]);
  });

  test('leaves out an ask from outside the actors', () => {
    const edge = ask(undefined, actor('a'));
    addWait(edge);
    removeWait(edge);
    expect(edge.waiting).toBe(false);
    expect(closingCycle(edge)).toBeUndefined();
  });
});

describe('a closing cycle', () => {
  test('of one is an ask to oneself', () => {
    const a = actor('a');
    const self = ask(a, a);
    expect(closingCycle(self)).toEqual([self]);
  });

  test.each([2, 3, 10, 100])('of %i actors is found, in order, with the closing ask first', (length) => {
    const { actors, first, last } = chain(length);
    const closing = ask(last, first);
    const cycle = closingCycle(closing) ?? [];
    expect(cycle[0]).toBe(closing);
    expect(cycle.map((edge) => edge.from?.address)).toEqual([last, ...actors.slice(0, -1)].map((a) => a.address));
    expect(cycle.map((edge) => edge.to?.address)).toEqual(actors.map((a) => a.address));
  });

  test('is the same whether the ask waits already or not', () => {
    const { first, last } = chain(3);
    const closing = ask(last, first);
    const before = closingCycle(closing);
    addWait(closing);
    expect(closingCycle(closing)).toEqual(before);
  });

  test('is found through the second of several asks', () => {
    const [a, b, c] = [actor('a'), actor('b'), actor('c')];
    wait(b, c);
    const back = wait(b, a);
    wait(b, actor('d'));
    const closing = ask(a, b);
    expect(closingCycle(closing)).toEqual([closing, back]);
  });

  test('is none where two ways lead to the same actor', () => {
    const [a, b, c, d] = [actor('a'), actor('b'), actor('c'), actor('d')];
    wait(a, b);
    wait(a, c);
    wait(b, d);
    expect(closingCycle(ask(c, d))).toBeUndefined();
  });

  test('is none however long the chain of slow actors is', () => {
    const { first } = chain(100);
    expect(closingCycle(ask(actor('asker'), first))).toBeUndefined();
  });

  test('is none any more when one of its asks was answered', () => {
    const [a, b, c] = [actor('a'), actor('b'), actor('c')];
    wait(a, b);
    const answered = wait(b, c);
    removeWait(answered);
    expect(closingCycle(ask(c, a))).toBeUndefined();
  });

  test('does not run through a reply that may come from anywhere', () => {
    const [a, b] = [actor('a'), actor('b')];
    const deferred = wait(a, b);
    deferred.to = undefined;
    expect(closingCycle(ask(b, a))).toBeUndefined();
  });

  test('does not end a walk when it lies beside the new ask', () => {
    const [a, b, c] = [actor('a'), actor('b'), actor('c')];
    wait(a, b);
    wait(b, a);
    expect(closingCycle(ask(c, a))).toBeUndefined();
  });
});

describe('a re-entrant actor', () => {
  test('is no deadlock when the ask comes back within its own chain', () => {
    const [a, b, c] = [actor('a', { reentrant: true }), actor('b'), actor('c')];
    const first = wait(a, b);
    const second = wait(b, c, { cause: first });
    const back = ask(c, a, { cause: second });
    expect(isReentrantCall(back)).toBe(true);
    expect(closingCycle(back)).toBeUndefined();
  });

  test('may ask itself', () => {
    const a = actor('a', { reentrant: true });
    expect(closingCycle(ask(a, a))).toBeUndefined();
  });

  test('is a deadlock like any other when two separate chains meet', () => {
    const [a, b] = [actor('a', { reentrant: true }), actor('b', { reentrant: true })];
    const first = wait(a, b, { cause: ask(undefined, a) });
    const closing = ask(b, a, { cause: ask(undefined, b) });
    expect(isReentrantCall(closing)).toBe(false);
    expect(closingCycle(closing)).toEqual([closing, first]);
  });

  test('in the middle of the chain does not help the one the ask comes back to', () => {
    const [a, b] = [actor('a'), actor('b', { reentrant: true })];
    const first = wait(a, b);
    const back = ask(b, a, { cause: first });
    expect(isReentrantCall(back)).toBe(true);
    expect(closingCycle(back)).toEqual([back, first]);
  });

  test('is not called back by a chain whose first ask it waits for no longer', () => {
    const [a, b] = [actor('a', { reentrant: true }), actor('b')];
    const first = wait(a, b);
    removeWait(first);
    expect(isReentrantCall(ask(b, a, { cause: first }))).toBe(false);
  });

  test('that handles the ask inside is held up by what it asks there, and by nothing else', () => {
    const [a, b, c, d, e] = [actor('a', { reentrant: true }), actor('b'), actor('c'), actor('d'), actor('e')];
    const first = wait(a, b);
    const second = wait(b, c, { cause: first });
    const back = wait(c, a, { cause: second });
    const inside = innerWaiter(a);
    back.to = inside;
    wait(inside, d, { cause: back });
    // b waits for e beside c; e asks c, which will go on as soon as d has answered.
    wait(b, e, { cause: first });
    expect(closingCycle(ask(e, c))).toBeUndefined();
    // d asks c, which waits for d.
    expect(closingCycle(ask(d, c))).toHaveLength(3);
  });
});

test('a walk visits each ask once, with the way to it', () => {
  const [a, b, c, d] = [actor('a'), actor('b'), actor('c'), actor('d')];
  wait(a, c, { type: 'ac' });
  wait(a, b, { type: 'ab' });
  wait(b, d, { type: 'bd' });
  wait(c, d, { type: 'cd' });
  wait(d, a, { type: 'da' });
  const visits: string[] = [];
  walkWaits(a, (edge, before) => {
    visits.push([...before, edge].map(({ message }) => message.type).join(' '));
    return false;
  });
  expect(visits).toEqual(['ab', 'ab bd', 'ab bd da', 'ac', 'ac cd']);
});

describe('the victim', () => {
  const step = (from: string, priority: number, sequence: number): WaitStep => ({
    from,
    to: 'x',
    message: 'm',
    priority,
    sequence,
  });

  test.each<[string, WaitStep[], string]>([
    ['has the lowest priority', [step('a', 1, 3), step('b', 0, 1), step('c', 2, 2)], 'b'],
    ['is the youngest where priorities are equal', [step('a', 0, 1), step('b', 0, 3), step('c', 0, 2)], 'b'],
    ['may have a negative priority', [step('a', 0, 1), step('b', -1, 3)], 'b'],
    ['is told by its address where all else is equal', [step('n1/a', 0, 1), step('n2/a', 0, 1)], 'n2/a'],
  ])('%s, wherever the cycle begins', (_, cycle, expected) => {
    for (let turn = 0; turn < cycle.length; turn++) {
      const turned = [...cycle.slice(turn), ...cycle.slice(0, turn)];
      expect(turned[chooseVictim(turned)]?.from).toBe(expected);
    }
  });

  test('is told the whole cycle, beginning with its own ask', () => {
    const [a, b] = [actor('a'), actor('b', { priority: -1 })];
    wait(b, a, { type: 'credit' });
    const cycle = closingCycle(ask(a, b, { type: 'debit' })) ?? [];
    const { victim, error } = resolveDeadlock(cycle);
    expect(victim.from).toBe(b);
    expect(error.code).toBe('deadlock');
    expect(error.message).toBe('Deadlock: b asks a "credit" → a asks b "debit".');
    expect(error.data).toEqual({
      cycle: [
        { from: 'b', to: 'a', message: 'credit' },
        { from: 'a', to: 'b', message: 'debit' },
      ],
    });
  });

  test('of a very long cycle is told all of it in the data and its beginning in the message', () => {
    const cycle = Array.from({ length: 1_000 }, (_, index) => step(`a${index}`, 0, index));
    const error = deadlockError(cycle, 999);
    expect(error.data.cycle).toHaveLength(1_000);
    expect(error.message).toContain('a999 asks x "m" → a0 asks x "m"');
    expect(error.message).toMatch(/→ 900 more\.$/);
  });
});
