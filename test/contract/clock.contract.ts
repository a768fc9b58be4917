/** The obligations of the clock port. `passing` lets at least this much time pass. */
import { type Clock, sleep } from '@jaegis/core';
import { describe, expect, test } from 'vitest';

export interface ClockUnderTest {
  readonly clock: Clock;
  passing(ms: number): Promise<void>;
}

export function clockContract(adapter: string, make: () => ClockUnderTest): void {
  describe(`clock, ${adapter}`, () => {
    firesInOrder(make);
    clears(make);
    tellsTheTime(make);
  });
}

function firesInOrder(make: () => ClockUnderTest): void {
  test('timers fire once, in the order of their due time', async () => {
    const { clock, passing } = make();
    const fired: number[] = [];
    for (const delay of [7, 3, 5, 0, 4]) clock.setTimer(delay, () => fired.push(delay));
    await passing(20);
    await passing(20);
    expect(fired).toEqual([0, 3, 4, 5, 7]);
  });

  test('timers due together fire in the order they were set, those without delay after the present turn', async () => {
    const { clock, passing } = make();
    const fired: string[] = [];
    for (const name of ['a', 'b', 'c']) clock.setTimer(0, () => fired.push(name));
    clock.setTimer(-5, () => fired.push('d'));
    fired.push('now');
    await passing(5);
    expect(fired).toEqual(['now', 'a', 'b', 'c', 'd']);
  });

  test('no timer sees a time before it was due, and later ones see no earlier time', async () => {
    const { clock, passing } = make();
    const start = clock.monotonic();
    const seen: number[] = [];
    for (const delay of [3, 7]) clock.setTimer(delay, () => seen.push(clock.monotonic() - start));
    await passing(20);
    expect(seen[0]).toBeGreaterThanOrEqual(3);
    expect(seen[1]).toBeGreaterThanOrEqual(7);
    expect(seen[1]).toBeGreaterThanOrEqual(seen[0] ?? Number.POSITIVE_INFINITY);
  });

  test('a timer that sets itself again fires each time', async () => {
    const { clock, passing } = make();
    const times: number[] = [];
    const again = () => {
      times.push(clock.monotonic());
      if (times.length < 5) clock.setTimer(2, again);
    };
    clock.setTimer(2, again);
    while (times.length < 5) await passing(10);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.filter((gap) => gap < 2)).toEqual([]);
    expect(gaps).toHaveLength(4);
  });
}

function clears(make: () => ClockUnderTest): void {
  test('a cleared timer never fires, also when it was already due; clearing it again or none does nothing', async () => {
    const { clock, passing } = make();
    const fired: string[] = [];
    const second = clock.setTimer(2, () => fired.push('second'));
    const third = clock.setTimer(3, () => fired.push('third'));
    clock.setTimer(1, () => {
      fired.push('first');
      clock.clearTimer(second);
    });
    clock.clearTimer(third);
    clock.clearTimer(third);
    clock.clearTimer(undefined);
    await passing(10);
    clock.clearTimer(second);
    expect(fired).toEqual(['first']);
  });

  test('a timer cleared by one that is due at the same time does not fire', async () => {
    const { clock, passing } = make();
    const fired: string[] = [];
    clock.setTimer(1, () => {
      fired.push('first');
      clock.clearTimer(second);
    });
    const second = clock.setTimer(1, () => fired.push('second'));
    await passing(10);
    expect(fired).toEqual(['first']);
  });

  test('sleep ends after its time, or at once when its signal aborts', async () => {
    const { clock, passing } = make();
    const ended: string[] = [];
    const controller = new AbortController();
    void sleep(clock, 5).then(() => ended.push('slept'));
    void sleep(clock, 1e9, controller.signal).then(() => ended.push('aborted'));
    controller.abort();
    await passing(1);
    expect(ended).toEqual(['aborted']);
    await passing(20);
    expect(ended).toEqual(['aborted', 'slept']);
  });
}

function tellsTheTime(make: () => ClockUnderTest): void {
  test('monotonic goes on by what has passed and never back; now is a date', async () => {
    const { clock, passing } = make();
    const readings = [clock.monotonic()];
    for (let round = 0; round < 5; round++) {
      await passing(2);
      readings.push(clock.monotonic());
    }
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
    expect((readings.at(-1) ?? 0) - (readings[0] ?? 0)).toBeGreaterThanOrEqual(10);
    expect(clock.now()).toBeGreaterThan(Date.UTC(2020, 1));
  });
}
