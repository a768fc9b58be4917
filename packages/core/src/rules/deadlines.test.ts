import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Deadlines, type Expiring } from './deadlines.ts';

function waiting(expire: () => void): Expiring {
  return { dueMs: 0, earlier: undefined, later: undefined, lane: undefined, expire };
}

describe('deadlines of one length', () => {
  it('have one timer, also where one that expires sets another', async () => {
    const clock = new VirtualClock();
    const deadlines = new Deadlines(clock);
    const again = (left: number): Expiring => waiting(() => left > 0 && deadlines.add(again(left - 1), 100));
    deadlines.add(again(5), 100);
    await clock.advance(50);
    deadlines.add(again(5), 100);
    for (let step = 0; step < 10; step++) {
      await clock.advance(50);
      expect(clock.pending).toBeLessThanOrEqual(1);
    }
  });

  it('are all kept, each at its time', async () => {
    const clock = new VirtualClock();
    const deadlines = new Deadlines(clock);
    const fired: number[] = [];
    const note = () => void fired.push(clock.monotonic());
    deadlines.add(
      waiting(() => {
        note();
        deadlines.add(waiting(note), 100);
      }),
      100,
    );
    await clock.advance(10);
    deadlines.add(waiting(note), 100);
    await clock.advance(500);
    expect(fired).toEqual([100, 110, 200]);
    expect(clock.pending).toBe(0);
  });

  it('leave no timer for long once all is done', async () => {
    const clock = new VirtualClock();
    const deadlines = new Deadlines(clock);
    const fired: number[] = [];
    const [done, late] = [waiting(() => {}), waiting(() => fired.push(clock.monotonic()))];
    deadlines.add(done, 60_000);
    deadlines.remove(done);
    deadlines.add(late, 3_500);
    await clock.advance(1_000);
    expect(clock.pending).toBe(1);
    await clock.advance(2_500);
    expect([fired, clock.pending]).toEqual([[3_500], 0]);
  });

  it('are kept although one of them throws when it expires', async () => {
    const clock = new VirtualClock();
    const deadlines = new Deadlines(clock);
    let isFired = false;
    deadlines.add(
      waiting(() => {
        throw new Error('as asked');
      }),
      100,
    );
    deadlines.add(
      waiting(() => {
        isFired = true;
      }),
      100,
    );
    await expect(clock.advance(100)).rejects.toThrow('as asked');
    await clock.advance(1);
    expect(isFired).toBe(true);
  });
});
