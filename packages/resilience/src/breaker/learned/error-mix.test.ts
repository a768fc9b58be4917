import { describe, expect, it } from 'vitest';
import { classOfError, ErrorMix } from './error-mix.ts';

function lesson(mix: ErrorMix, counts: Readonly<Record<string, number>>, calls: number) {
  let failed = 0;
  for (const [errorClass, count] of Object.entries(counts)) {
    for (let left = count; left > 0; left--) mix.count(errorClass);
    failed += count;
  }
  for (let left = calls - failed; left > 0; left--) mix.count();
  mix.learn();
}

describe('the mix of errors', () => {
  it('tells how often a class is seen, and nothing before enough calls are known', () => {
    const mix = new ErrorMix(4, 1, 100);
    lesson(mix, { A: 1 }, 50);
    expect([mix.shareOf('A'), mix.shares]).toEqual([undefined, []]);
    lesson(mix, { A: 3 }, 50);
    expect([mix.shareOf('A'), mix.shareOf('B')]).toEqual([0.04, 0]);
  });

  it('forgets what is old', () => {
    const mix = new ErrorMix(4, 0.5, 1);
    lesson(mix, { A: 10 }, 100);
    for (let left = 10; left > 0; left--) lesson(mix, {}, 100);
    expect(mix.shareOf('A')).toBeLessThan(0.0001);
  });

  it('is bounded: all classes that have no place are one', () => {
    const mix = new ErrorMix(2, 1, 1);
    lesson(mix, { A: 3, B: 2 }, 100);
    lesson(mix, { C: 1 }, 100);
    expect(mix.shares).toEqual([
      { errorClass: 'A', share: 0.015 },
      { errorClass: 'B', share: 0.01 },
      { errorClass: 'other', share: 0.005 },
    ]);
    expect(mix.shareOf('never seen')).toBe(0.005);
    for (let each = 0; each < 1_000; each++) mix.count(`E${each} ${'x'.repeat(1_000)}`);
    mix.learn();
    const data = JSON.stringify(mix.export());
    expect([mix.export().counts.length, data.length < 200]).toEqual([3, true]);
  });

  it('gives a class that becomes frequent the place of the rarest', () => {
    const mix = new ErrorMix(2, 1, 1);
    lesson(mix, { A: 3, B: 2 }, 50);
    lesson(mix, { C: 5 }, 50);
    expect(mix.shares.map(({ errorClass }) => errorClass)).toEqual(['C', 'A', 'other']);
    expect(mix.shareOf('B')).toBe(0.02);
  });

  it('knows a class by the code of an error, or else by its name', () => {
    const errors = [{ code: 'ECONNRESET' }, { code: 503 }, new TypeError('x'), 'down', null, { code: {} }];
    expect(errors.map(classOfError)).toEqual(['ECONNRESET', '503', 'TypeError', 'string', 'object', 'object']);
  });
});
