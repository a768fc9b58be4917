import { expect, it } from 'vitest';
import { Call } from './call.ts';
import { Fallback, type FallbackOptions } from './fallback.ts';
import { invoke } from './policy/invoke.ts';
import { errorOf, testWorld, through } from './world.test-kit.ts';

const failure = new Error('as asked');
const fails = () => Promise.reject(failure);
const none = () => {
  throw new Error('no fallback');
};

function start(options: FallbackOptions) {
  const world = testWorld();
  return { ...world, fallback: new Fallback(options, world.services) };
}

it('they are tried in order, and the first that gives a result answers', async () => {
  const { fallback, events } = start({ use: [none, async (error) => ['second', error], () => 'third'] });
  const call = new Call(fails);
  expect(await fallback.run(call, invoke)).toEqual(['second', failure]);
  expect(call.answeredBy).toBe(2);
  expect(events).toEqual([
    { type: 'fallback_failed', number: 1, error: new Error('no fallback') },
    { type: 'fallback', number: 2, error: failure },
  ]);
  expect(fallback.inspect()).toEqual({ answered: [0, 1, 0] });
});

it('nobody asks them where the operation succeeds', async () => {
  const { fallback } = start({ use: [() => 'fallback'] });
  expect(await through(fallback, () => 'own')).toBe('own');
});

it('where all of them fail the call ends with its own error', async () => {
  const { fallback } = start({ use: [none, none] });
  expect(await errorOf(through(fallback, fails))).toBe(failure);
});

it('they are only for the errors of the filter', async () => {
  const { fallback } = start({ use: [() => 'fallback'], for: (error) => error !== failure });
  expect(await errorOf(through(fallback, fails))).toBe(failure);
  expect(await through(fallback, () => Promise.reject('another'))).toBe('fallback');
});

it('a call that its caller has cancelled has none', async () => {
  const { fallback } = start({ use: [() => 'fallback'] });
  const caller = new AbortController();
  const cancelling = () => {
    caller.abort();
    return fails();
  };
  expect(await errorOf(through(fallback, cancelling, { signal: caller.signal }))).toBe(failure);
});

it('none at all is refused', () => {
  expect(() => start({ use: [] })).toThrow(expect.objectContaining({ data: { path: 'fallback.use' } }));
});
