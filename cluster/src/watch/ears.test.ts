import { expect, test } from 'vitest';
import { Ears } from './ears.ts';

/** Own words come back at these times. */
function listening(echoes: readonly number[]): Ears {
  const ears = new Ears(100, 0);
  for (const nowMs of echoes) ears.echo(nowMs);
  return ears;
}

test('who hears himself every so often has been listening all the time', () => {
  const ears = listening([100, 200, 310, 400]);
  expect([ears.at(400), ears.at(450)]).toEqual([400, 450]);
});

test('who does not hear himself has not been listening for longer than a word is worth', () => {
  const ears = listening([100, 200]);
  expect([ears.at(300), ears.at(5_000)]).toEqual([300, 350]);
  ears.echo(5_000);
  expect(ears.at(5_100)).toBe(450);
});

test('where no word comes back, the looks count, less what they were late, and not without a connection', () => {
  const ears = new Ears(100, 0);
  ears.look(100, true, 0);
  ears.look(2_100, true, 1_900);
  expect(ears.at(2_100)).toBe(200);
  ears.look(3_000, false, 0);
  expect(ears.at(3_000)).toBe(200);
});

test('a new life begins without an echo', () => {
  const ears = listening([100]);
  ears.deafen(200);
  ears.look(400, true, 0);
  expect(ears.at(400)).toBe(400);
});
