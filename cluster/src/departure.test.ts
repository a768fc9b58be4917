import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { Departure } from './departure.ts';

/** Adds so many bytes in pieces within one turn, and gives the sizes that left. */
function adding(departure: (leave: () => void) => Departure) {
  const left: number[] = [];
  let waiting = 0;
  const made = departure(() => {
    if (waiting > 0) left.push(waiting);
    waiting = 0;
  });
  const add = (bytes: number, piece = 256) => {
    for (let added = 0; added < bytes; added += piece) {
      waiting += piece;
      made.soon(waiting);
    }
  };
  return { left, add };
}

test('much of one turn leaves while it is added: at first small, then in larger packets, up to 16 kB', async () => {
  const { clock } = createSimWorld({ seed: 1 });
  const { left, add } = adding((leave) => new Departure(clock, leave));
  add(62 * 1024);
  expect(left).toEqual([2, 4, 8, 16, 16, 16].map((kB) => kB * 1024));
  await clock.advance(1);
  expect(left).toHaveLength(6);
});

test('the next turn begins small again', async () => {
  const { clock } = createSimWorld({ seed: 1 });
  const { left, add } = adding((leave) => new Departure(clock, leave));
  add(14 * 1024);
  await clock.advance(1);
  add(3 * 1024);
  await clock.advance(1);
  expect(left.map((bytes) => bytes / 1024)).toEqual([2, 4, 8, 2, 1]);
});
