import type { TrafficClass } from '@jaegis/core';
import { VirtualClock } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { Bandwidth, type BandwidthOptions } from './bandwidth.ts';

/** 100 kB a second, 10 kB at once. Notes what has gone, and when. */
function openBandwidth(options: Partial<BandwidthOptions> = {}) {
  const clock = new VirtualClock();
  const bandwidth = new Bandwidth(clock, { bytesPerSecond: 100_000, ...options });
  const gone: { readonly traffic: TrafficClass; readonly name: string; readonly atMs: number }[] = [];
  const send = (traffic: TrafficClass, bytes: number, name = '', to = 'n1', signal?: AbortSignal): Promise<void> => {
    const outcome = bandwidth.take(to, traffic, bytes, signal).then(() => {
      gone.push({ traffic, name, atMs: clock.monotonic() });
    });
    outcome.catch(() => {});
    return outcome;
  };
  const count = (traffic: TrafficClass) => gone.filter((one) => one.traffic === traffic).length;
  return { clock, bandwidth, gone, send, count };
}

const overloaded = (data: Record<string, unknown>) => ({ code: 'overloaded', data });

describe('bandwidth', () => {
  it('lets as many bytes go as the rate has, after what may go at once', async () => {
    const { clock, send, count } = openBandwidth({ maxQueue: 1_000 });
    for (let n = 0; n < 600; n++) void send('bulk', 1_000);
    await clock.advance(0);
    const atOnce = count('bulk');
    await clock.advance(2_000);
    expect(atOnce).toBeGreaterThanOrEqual(5);
    expect(atOnce).toBeLessThanOrEqual(10);
    // The rates of others who have nothing to send are used as well, but for what fills their buckets.
    expect(count('bulk')).toBeGreaterThanOrEqual(195);
    expect(count('bulk')).toBeLessThanOrEqual(212);
  });

  it('lets as many messages go as it may, however small', async () => {
    const { clock, send, count } = openBandwidth({ messagesPerSecond: 100 });
    for (let n = 0; n < 400; n++) void send('interactive', 1);
    await clock.advance(2_000);
    expect(count('interactive')).toBeGreaterThanOrEqual(195);
    expect(count('interactive')).toBeLessThanOrEqual(212);
  });

  it('keeps the share of control free however much bulk waits', async () => {
    const { clock, gone, send } = openBandwidth();
    for (let n = 0; n < 1_000; n++) void send('bulk', 10_000);
    await clock.advance(3_000);
    for (let n = 0; n < 100; n++) {
      void send('control', 180, `${clock.monotonic()}`);
      await clock.advance(10);
    }
    const waits = gone.filter(({ traffic }) => traffic === 'control').map(({ name, atMs }) => atMs - Number(name));
    expect([waits.length, Math.max(...waits)]).toEqual([100, 0]);
  });

  it('keeps the share of bulk free however much control and interactive wait', async () => {
    const { clock, send, count } = openBandwidth();
    for (let n = 0; n < 1_000; n++) {
      void send('control', 1_000);
      void send('interactive', 1_000);
    }
    for (let n = 0; n < 100; n++) void send('bulk', 1_000);
    await clock.advance(5_000);
    expect(count('bulk')).toBeGreaterThanOrEqual(49);
    expect(count('interactive')).toBeGreaterThanOrEqual(149);
    // What is promised to nobody goes to the most urgent.
    expect(count('control')).toBeGreaterThanOrEqual(299);
  });

  it('counts what goes without asking: its class has less, and others have less of what is left over', async () => {
    const { clock, bandwidth, send, count } = openBandwidth();
    bandwidth.spend('n1', 'control', 50_000); // what control has for sure in 2.5 s
    expect(bandwidth.tryTake('n1', 'interactive', 1)).toBe(true);
    for (let n = 0; n < 200; n++) void send('bulk', 1_000);
    await clock.advance(2_000);
    // The share of bulk and of interactive, and what is promised to nobody: 10, 30 and 40 kB a second.
    expect(count('bulk')).toBeGreaterThanOrEqual(155);
    expect(count('bulk')).toBeLessThanOrEqual(170);
  });

  it('looks again when somebody may go, and not before, also where all is promised', async () => {
    const { clock, bandwidth, send, count } = openBandwidth({ shares: { control: 0.2, interactive: 0.4, bulk: 0.4 } });
    let looks = 0;
    const { setTimer } = clock;
    clock.setTimer = (...given) => {
      looks++;
      return setTimer.apply(clock, given);
    };
    for (let n = 0; n < 3; n++) void send('bulk', 40_000);
    await clock.advance(3_000);
    expect([count('bulk'), bandwidth.waiting('n1')]).toEqual([3, 0]);
    expect(looks).toBeLessThan(10);
  });

  it('keeps the order within a class, also where something small comes after something large', async () => {
    const { clock, bandwidth, gone, send } = openBandwidth();
    for (const [name, bytes] of [
      ['1', 50_000],
      ['2', 50_000],
      ['3', 1],
      ['4', 1],
    ] as const)
      void send('bulk', bytes, name);
    await clock.advance(0);
    expect(bandwidth.tryTake('n1', 'bulk', 1)).toBe(false);
    await clock.advance(3_000);
    expect(gone.map(({ name }) => name)).toEqual(['1', '2', '3', '4']);
  });

  it('lets what is larger than it ever has at once go, and has the next one pay', async () => {
    const { clock, gone, send } = openBandwidth({ shares: { control: 0, interactive: 0, bulk: 0 } });
    void send('bulk', 110_000, 'large');
    void send('bulk', 1, 'next');
    await clock.advance(5_000);
    expect(gone.map(({ atMs }) => Math.round(atMs))).toEqual([0, 1_000]);
  });

  it('does not let one destination take from another', async () => {
    const { clock, bandwidth, send } = openBandwidth();
    for (let n = 0; n < 100; n++) void send('bulk', 10_000, '', 'busy');
    await clock.advance(1_000);
    expect([bandwidth.tryTake('busy', 'bulk', 1), bandwidth.tryTake('idle', 'bulk', 1)]).toEqual([false, true]);
  });

  it('refuses what more wait than may, and lets go who gives up', async () => {
    const { clock, bandwidth, gone, send } = openBandwidth({ maxQueue: 2 });
    const abort = new AbortController();
    void send('bulk', 100_000, 'first');
    void send('bulk', 100_000, 'second');
    const aborted = send('bulk', 1, 'aborted', 'n1', abort.signal);
    void send('bulk', 1, 'last');
    await expect(send('bulk', 1)).rejects.toMatchObject(
      overloaded({ destination: 'n1', traffic: 'bulk', maxQueue: 2 }),
    );
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'cancelled' });
    await expect(send('bulk', 1, 'x', 'n1', abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
    expect(bandwidth.waiting('n1')).toBe(1);
    await clock.advance(60_000);
    expect(gone.map(({ name }) => name)).toEqual(['first', 'second', 'last']);
    expect([bandwidth.waiting('n1'), bandwidth.waiting('n2'), clock.pending]).toEqual([0, 0, 0]);
  });

  it('forgets the destination that was used longest ago, unless somebody waits for it', async () => {
    const { bandwidth, send } = openBandwidth({ maxDestinations: 2 });
    for (let n = 0; n < 3; n++) void send('bulk', 100_000, '', 'n1');
    for (const name of ['n2', 'n3']) bandwidth.tryTake(name, 'bulk', 1);
    expect([bandwidth.destinations, bandwidth.waiting('n1')]).toEqual([2, 1]);
    for (let n = 0; n < 3; n++) void send('bulk', 100_000, '', 'n3');
    const refused = send('bulk', 1, '', 'n4');
    await expect(refused).rejects.toMatchObject(overloaded({ destination: 'n4', maxDestinations: 2 }));
  });

  it.each([
    ['bandwidth.bytesPerSecond', { bytesPerSecond: 0 }],
    ['bandwidth.messagesPerSecond', { messagesPerSecond: Number.NaN }],
    ['bandwidth.burstMs', { burstMs: 0 }],
    ['bandwidth.maxQueue', { maxQueue: -1 }],
    ['bandwidth.maxDestinations', { maxDestinations: 0 }],
    ['bandwidth.shares.control', { shares: { control: 2 } }],
    ['bandwidth.shares', { shares: { control: 0.5, interactive: 0.5, bulk: 0.5 } }],
    ['bandwidth.shares', { shares: { control: 0.5, interactive: 0.5, bulk: 0 } }],
  ])('refuses a bad %s by its name', (path, options: Partial<BandwidthOptions>) => {
    const make = () => openBandwidth(options);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_config', data: expect.objectContaining({ path }) }));
  });
});
