import { expect, it } from 'vitest';
import { realVitals } from './vitals.ts';

it('says what this process takes of memory and time, in bytes and in ms', () => {
  const vitals = realVitals();
  const before = vitals.read();
  expect(before.heapBytes).toBeGreaterThan(1_000_000);
  expect(before.rssBytes).toBeGreaterThan(before.heapBytes / 2);
  let work = 0;
  while (vitals.read().cpuMs - before.cpuMs < 5) work++;
  expect(work).toBeGreaterThan(0);
});
