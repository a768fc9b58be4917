import { expect, it } from 'vitest';
import { settingsFrom } from './setting-operand.ts';

it.each([
  [['breaker.openMs=5000'], { breaker: { openMs: 5_000 } }],
  [
    ['breaker.openMs=5000', 'breaker.failures=3', 'timeoutMs=Infinity'],
    { breaker: { openMs: 5_000, failures: 3 }, timeoutMs: 'Infinity' },
  ],
  [
    ['retry.backoff={"kind":"constant"}', 'retry.backoff.delayMs=5'],
    { retry: { backoff: { kind: 'constant', delayMs: 5 } } },
  ],
  [['retry.backoff.jitter=full'], { retry: { backoff: { jitter: 'full' } } }],
  [['bulkhead.shedding.thresholds=[1,0.5]'], { bulkhead: { shedding: { thresholds: [1, 0.5] } } }],
  [['a=b=c'], { a: 'b=c' }],
  [['a=1', 'a=2'], { a: 2 }],
  [['a.b='], { a: { b: '' } }],
])('%j says %j', (given, expected) => {
  expect(settingsFrom(given)).toEqual(expected);
});

it('a name of the language is a name as any other', () => {
  expect(JSON.stringify(settingsFrom(['__proto__.a=1']))).toBe('{"__proto__":{"a":1}}');
  expect({}).not.toHaveProperty('a');
});

it.each(['breaker.openMs', '=5', '.a=5', 'a..b=5', ''])('%j is refused', (text) => {
  expect(() => settingsFrom([text])).toThrow(
    expect.objectContaining({ code: 'invalid_config', data: { path: 'set' } }),
  );
});
