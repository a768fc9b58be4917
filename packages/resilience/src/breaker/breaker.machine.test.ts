/** The breaker and its machine side by side, over long random stories. */
import { BreakerWindow } from '@jaegis/core';
import { breakerMachine } from '@jaegis/machines';
import { SeededRandom, VirtualClock } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { type EventFrom, initialTransition, type SnapshotFrom, transition } from 'xstate';
import { Call } from '../call.ts';
import { Breaker } from './breaker.ts';
import type { BreakerSnapshot } from './snapshot.ts';

type Event = EventFrom<typeof breakerMachine>;
type Ending = 'well' | 'ill' | 'filtered';

/** What the machine's user does: it counts, measures the time, and tells the machine what follows from that. */
class Specified {
  snapshot: SnapshotFrom<typeof breakerMachine>;
  window = new BreakerWindow(1_000, 10);
  changedMs = 0;
  probedMs = 0;
  readonly failures = 3;
  openMs = 2_000;
  readonly probeMs = 1_500;

  constructor(most: number, needed: number) {
    [this.snapshot] = initialTransition(breakerMachine, { most, needed });
  }

  get state() {
    return this.snapshot.value;
  }

  send(event: Event, nowMs: number): void {
    const { epoch } = this.snapshot.context;
    [this.snapshot] = transition(breakerMachine, this.snapshot, event);
    if (this.snapshot.context.epoch === epoch) return;
    this.window.clear();
    this.changedMs = nowMs;
  }

  /** Whether a call is let through, and as what. */
  begin(nowMs: number): 'refused' | 'call' | 'probe' {
    if (this.state === 'open' && nowMs >= this.changedMs + this.openMs) this.send({ type: 'waited' }, nowMs);
    if (this.state === 'half_open' && nowMs - this.probedMs >= this.probeMs)
      this.send({ type: 'probes overdue' }, nowMs);
    if (this.state === 'open' || this.state === 'forced_open') return 'refused';
    if (this.state !== 'half_open') return 'call';
    const { probes } = this.snapshot.context;
    this.send({ type: 'probe begun' }, nowMs);
    if (this.snapshot.context.probes === probes) return 'refused';
    this.probedMs = nowMs;
    return 'probe';
  }

  end(kind: 'call' | 'probe', epoch: number, ending: Ending, nowMs: number): void {
    if (kind === 'probe') {
      const type = ending === 'well' ? 'probe succeeded' : ending === 'ill' ? 'probe failed' : 'probe ignored';
      this.send({ type, epoch }, nowMs);
    } else if (epoch === this.snapshot.context.epoch && ending !== 'filtered' && this.state !== 'disabled') {
      this.window.count(nowMs, ending === 'ill', false);
      if (ending === 'ill' && this.window.failures(nowMs, 5) >= this.failures) this.send({ type: 'tripped' }, nowMs);
    }
  }
}

interface UnderWay {
  readonly call: Call;
  readonly kind: 'call' | 'probe';
  readonly epoch: number;
  readonly result: Promise<unknown>;
  settle(ending: Ending): void;
}

class Story {
  readonly random: SeededRandom;
  readonly clock = new VirtualClock();
  readonly spec: Specified;
  breaker: Breaker;
  underWay: UnderWay[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const [probes, successes] = [1 + this.below(3), 1 + this.below(3)];
    this.spec = new Specified(probes, successes);
    const { failures, openMs, probeMs } = this.spec;
    this.breaker = new Breaker(
      {
        ...{ failures, openMs, probeMs, probes, successes, windowMs: 10_000, failuresMs: 5_000, buckets: 10 },
        ignores: (error) => error === 'filtered',
      },
      { clock: this.clock },
    );
  }

  below(count: number): number {
    return Math.floor(this.random.next() * count);
  }

  async step(): Promise<string> {
    const dice = this.below(100);
    if (dice < 45) return this.begin();
    if (dice < 80) return this.end();
    if (dice < 95) return this.pass();
    return this.tell();
  }

  async begin(): Promise<string> {
    const nowMs = this.clock.monotonic();
    const kind = this.spec.begin(nowMs);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    let isCalled = false;
    const call = new Call(() => promise);
    const result = this.breaker.run(call, () => {
      isCalled = true;
      return promise;
    });
    expect(isCalled).toBe(kind !== 'refused');
    if (kind === 'refused') {
      await expect(result).rejects.toMatchObject({ code: 'breaker_open', data: { state: this.spec.state } });
      return 'refused';
    }
    const settle = (ending: Ending) => (ending === 'well' ? resolve(ending) : reject(ending));
    this.underWay.push({ call, kind, epoch: this.spec.snapshot.context.epoch, result, settle });
    return kind;
  }

  async end(): Promise<string> {
    const [one] = this.underWay.splice(this.below(this.underWay.length), 1);
    if (one === undefined) return 'nothing to end';
    const ending = (['well', 'well', 'ill', 'ill', 'ill', 'filtered'] as const)[this.below(6)] ?? 'well';
    // A probe that is given up and never ends is as good as one that ends so.
    const isLeft = one.kind === 'probe' && ending !== 'well' && this.below(2) === 0;
    if (isLeft) one.call.abort(ending);
    else one.settle(ending);
    if (!isLeft) await one.result.catch(() => {});
    this.spec.end(one.kind, one.epoch, ending, this.clock.monotonic());
    return `${ending} of ${one.kind}`;
  }

  async pass(): Promise<string> {
    const ms = this.below(3) * 500 + this.below(1_200);
    await this.clock.advance(ms);
    return `${ms} ms`;
  }

  tell(): string {
    const nowMs = this.clock.monotonic();
    const { breaker, spec } = this;
    const [probes, successes] = [1 + this.below(3), 1 + this.below(3)];
    const words: [Event, () => void][] = [
      [{ type: 'force open' }, () => breaker.forceOpen()],
      [{ type: 'force closed' }, () => breaker.forceClosed()],
      [{ type: 'disable' }, () => breaker.disable()],
      [{ type: 'reset' }, () => breaker.reset()],
      [{ type: 'reset' }, () => breaker.reset()],
      [{ type: 'reset' }, () => breaker.reset()],
      [{ type: 'tripped' }, () => breaker.trip({ kind: 'forced' })],
      [{ type: 'recovered' }, () => breaker.recover('cluster')],
      [{ type: 'tuned', most: probes, needed: successes }, () => breaker.tune({ probes, successes })],
    ];
    const [event, act] = words[this.below(words.length)] ?? [];
    if (event !== undefined) spec.send(event, nowMs);
    act?.();
    return event?.type ?? '';
  }

  /** What there is and what is specified, as texts: comparing them costs the least. */
  both(): [string, string] {
    const { probes, successes } = this.spec.snapshot.context;
    const nowMs = this.clock.monotonic();
    const { window } = this.spec;
    const { figures } = this.breaker;
    return [
      [figures.state, figures.probes, figures.successes, figures.calls, figures.failures].join(' '),
      [this.spec.state, probes, successes, window.calls(nowMs), window.failures(nowMs)].join(' '),
    ];
  }
}

const seeds = Array.from({ length: 150 }, (_, seed) => seed);

test('the breaker takes the steps of its machine, over 150 stories of 200 steps', async () => {
  const visited = new Set<unknown>();
  for (const seed of seeds) {
    const story = new Story(seed);
    const told = [`seed ${seed}`];
    for (let step = 0; step < 200; step++) {
      told.push(await story.step());
      const [is, specified] = story.both();
      if (is !== specified) expect(is, told.join(', ')).toBe(specified);
      visited.add(story.spec.state);
    }
  }
  expect([...visited].sort()).toEqual(['closed', 'disabled', 'forced_closed', 'forced_open', 'half_open', 'open']);
});

test('an exported breaker goes on as the one it was exported from, at any step of 50 stories', async () => {
  for (const seed of seeds.slice(0, 50)) {
    const story = new Story(seed);
    for (let step = 0; step < 60; step++) await story.step();
    // A copy knows nothing of what is under way.
    while (story.underWay.length > 0) await story.end();
    const data: BreakerSnapshot = structuredClone(story.breaker.export());
    story.breaker.import(data);
    expect(story.breaker.export()).toEqual(data);
    const before = story.breaker.figures;
    story.breaker.reset();
    story.breaker.import(data);
    expect(story.breaker.figures).toEqual(before);
  }
});
