/**
 * A circuit breaker (Nygard, Release It!, 2007): what fails is left alone for a while, and then tried with care. It takes
 * the steps of `breakerMachine` in @jaegis/machines; a property test holds the two together.
 */
import { BreakerOpenError, BreakerWindow, type Clock, type Random } from '@jaegis/core';
import type { BreakerStateValue } from '@jaegis/machines';
import type { Call, Inner, Part } from '../call.ts';

import { Listeners } from '../listeners.ts';
import type { PartEvent } from '../services.ts';
import type { BreakerEvent, BreakerNews, CloseReason, OpenReason, RefusingState } from './events.ts';
import { type BreakerOptions, BreakerSettings, checkJitter } from './settings.ts';

import { type BreakerSnapshot, checkSnapshot } from './snapshot.ts';
import { type BadCall, reached } from './thresholds.ts';

export interface BreakerServices {
  readonly clock: Clock;
  /** For `openJitter` only. */
  readonly random?: Random | undefined;
}

/** What can be seen of a breaker, as of now. */
export interface BreakerFigures {
  readonly name: string;
  readonly state: BreakerStateValue;
  /** Of the window. */
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
  /** Under way, while it is half-open. */
  readonly probes: number;
  /** Probes in a row that went well. */
  readonly successes: number;
  /** In ms; 0 unless it is open, infinite where it is forced to be. */
  readonly retryAfterMs: number;
}

/**
 * Guards any call. It sets no timer: all is decided when a call comes or ends, so an open breaker shows `open` until the
 * first call after its wait. A call that outlasts a time limit *around* the breaker is seen when it ends, or at once if it
 * is a probe: put the limit of each try inside.
 */
export class Breaker implements Part {
  readonly name: string;
  readonly #clock: Clock;
  readonly #random: Random | undefined;
  #settings: BreakerSettings;
  /** Made when they are first needed: there may be a breaker for each of many tenants. */
  #listeners: Listeners<PartEvent> | undefined;
  #window: BreakerWindow;
  #state: BreakerStateValue = 'closed';
  /** Counts the states that were entered: what a call that began in an earlier one comes to is nothing to this one. */
  #epoch = 1;
  #enteredMs = 0;
  /** How long it stays open. */
  #waitMs = 0;
  #probes = 0;
  #successes = 0;
  /** When the last probe began. */
  #probedMs = 0;

  /**
   * @param options Settings made once serve any number of breakers.
   * @param name Default: that of the options.
   * @throws InvalidConfigError where an option is not usable; its `data.path` names it.
   */
  constructor(options: BreakerOptions | BreakerSettings, services: BreakerServices, name?: string) {
    const settings = options instanceof BreakerSettings ? options : new BreakerSettings(options);
    this.#settings = settings;
    this.name = name ?? settings.name;
    this.#clock = services.clock;
    this.#random = services.random;
    this.#window = new BreakerWindow(settings.bucketMs, settings.buckets);
    checkJitter(settings, this.#random);
  }

  get state(): BreakerStateValue {
    return this.#state;
  }

  /** What holds now. */
  get settings(): BreakerSettings {
    return this.#settings;
  }

  /** Closed, and nothing has been counted that is not forgotten. */
  get isCalm(): boolean {
    return this.#state === 'closed' && this.#window.calls(this.#clock.monotonic()) === 0;
  }

  get figures(): BreakerFigures {
    const nowMs = this.#clock.monotonic();
    return {
      name: this.name,
      state: this.#state,
      calls: this.#window.calls(nowMs),
      failures: this.#window.failures(nowMs),
      slow: this.#window.slow(nowMs),
      probes: this.#probes,
      successes: this.#successes,
      retryAfterMs: this.#retryAfterMs(nowMs),
    };
  }

  /** Told what the option `onEvent` is, besides it. @returns Takes the listener back. */
  listen(listener: (event: PartEvent) => void): () => void {
    this.#listeners ??= new Listeners();
    return this.#listeners.add(listener);
  }

  /** As {@link figures}: it is what its policy shows. */
  inspect(): BreakerFigures {
    return this.figures;
  }

  /** Whether an error of a call that went through it counts as a failure. */
  isFailure(error: unknown, call: Call): boolean {
    return this.#judge(error, call, this.#epoch) === 'failure';
  }

  /** @throws BreakerOpenError with `data` of `{ breaker, state, retryAfterMs }`, where it is open: nothing was called. */
  async run(call: Call, inner: Inner): Promise<unknown> {
    if (this.#state !== 'closed' && this.#state !== 'forced_closed') return this.#runGuarded(call, inner);
    const epoch = this.#epoch;
    // Reading the clock costs more than all the rest. One that is not known makes no call slow.
    const begunMs = this.#settings.isTimed ? this.#clock.monotonic() : Number.NaN;
    let result: unknown;
    try {
      result = await inner(call);
    } catch (error) {
      this.#threw(error, call, epoch, begunMs);
      throw error;
    }
    if (epoch === this.#epoch) this.#count(begunMs, false, undefined);
    else this.#ignore('late');
    return result;
  }

  /** Refuses every call until it is told otherwise. */
  forceOpen(): void {
    if (this.#state === 'forced_open') return;
    this.#enter('forced_open');
    this.#tell({ type: 'opened', reason: { kind: 'forced' }, retryAfterMs: Number.POSITIVE_INFINITY });
  }

  /** Lets every call through and counts it, until it is told otherwise. */
  forceClosed(): void {
    if (this.#state === 'forced_closed') return;
    this.#enter('forced_closed');
    this.#tell({ type: 'closed', reason: 'forced' });
  }

  /** As if it were not there, until it is told otherwise: it counts nothing. */
  disable(): void {
    if (this.#state === 'disabled') return;
    this.#enter('disabled');
    this.#tell({ type: 'disabled', reason: 'asked' });
  }

  /** Closes it, whatever it was, with a clean window: also calls that are under way do not count. */
  reset(): void {
    const wasClosed = this.#state === 'closed';
    this.#enter('closed');
    if (!wasClosed) this.#tell({ type: 'closed', reason: 'reset' });
  }

  /**
   * Opens it if it is closed or half-open, for one who knows better than its window does.
   * @param waitMs How long until it lets a probe through. Default: `openMs`.
   */
  trip(reason: OpenReason, waitMs: number = this.#drawWaitMs()): void {
    if (this.#state !== 'closed' && this.#state !== 'half_open') return;
    this.#enter('open');
    this.#waitMs = waitMs;
    this.#tell({ type: 'opened', reason, retryAfterMs: waitMs });
  }

  /** Closes it if it is open or half-open: what it guards is known to work again. Forced, it stays. */
  recover(reason: CloseReason): void {
    if (this.#state !== 'open' && this.#state !== 'half_open') return;
    this.#enter('closed');
    this.#tell({ type: 'closed', reason });
  }

  /**
   * From now on these options hold; those that are left out stay. Its state stays too, and what it has counted, unless
   * the buckets are others. A new `openMs` holds for the present wait already.
   * @param options Settings made once replace all of them.
   * @throws InvalidConfigError as the constructor; then all stays as it is.
   */
  tune(options: BreakerOptions | BreakerSettings): void {
    const before = this.#settings;
    const settings = options instanceof BreakerSettings ? options : before.with(options);
    checkJitter(settings, this.#random);
    if (!settings.hasWindowOf(before)) this.#window = new BreakerWindow(settings.bucketMs, settings.buckets);
    this.#settings = settings;
    if (settings.openMs !== before.openMs) this.#waitMs = this.#drawWaitMs();
  }

  export(): BreakerSnapshot {
    const nowMs = this.#clock.monotonic();
    const waitMs = this.#state === 'open' ? this.#retryAfterMs(nowMs) : 0;
    const window = this.#window.export(nowMs);
    return { version: 1, state: this.#state, waitMs, successes: this.#successes, window };
  }

  /**
   * Resumes what another one, or this one, exported. Calls under way do not count for it, so a half-open one has all its
   * places free.
   * @param agoMs How long ago it was exported: so much of its wait and its window is over. Default 0.
   * @throws InvalidConfigError where it is not what `export` gives; then all stays as it is.
   */
  import(snapshot: BreakerSnapshot, agoMs = 0): void {
    checkSnapshot(snapshot);
    const before = this.#state;
    this.#enter(snapshot.state);
    this.#waitMs = Math.max(0, snapshot.waitMs - agoMs);
    this.#successes = snapshot.successes;
    this.#window.import(snapshot.window, this.#enteredMs - agoMs);
    if (before !== snapshot.state) this.#tell(this.#importNews());
  }

  async #runGuarded(call: Call, inner: Inner): Promise<unknown> {
    if (this.#state === 'disabled') return inner(call);
    const nowMs = this.#clock.monotonic();
    if (this.#state === 'open' && this.#retryAfterMs(nowMs) === 0) {
      this.#enter('half_open');
      this.#tell({ type: 'half_opened', reason: 'waited' });
    }
    if (this.#isFull() && nowMs - this.#probedMs >= this.#settings.probeMs) this.trip({ kind: 'probe_overdue' });
    if (this.#isRefusing()) throw this.#refusal(nowMs);
    // Whoever was told may have closed it.
    return this.#state === 'half_open' ? this.#probe(call, inner, nowMs) : this.run(call, inner);
  }

  async #probe(call: Call, inner: Inner, begunMs: number): Promise<unknown> {
    const epoch = this.#epoch;
    this.#probes++;
    this.#probedMs = begunMs;
    let isOver = false;
    // What was given up may never end, and must not keep its place.
    const stopListening = call.onAbort(() => {
      isOver = true;
      this.#probeThrew(call.reason, call, epoch);
    });
    try {
      const result = await inner(call);
      if (!isOver) this.#probeWentWell(epoch, begunMs);
      return result;
    } catch (error) {
      if (!isOver) this.#probeThrew(error, call, epoch);
      throw error;
    } finally {
      stopListening();
    }
  }

  #probeThrew(error: unknown, call: Call, epoch: number): void {
    const verdict = this.#judge(error, call, epoch);
    if (verdict === 'failure') this.trip({ kind: 'probe_failed', error });
    else if (verdict !== 'late') this.#leavePlace(verdict === 'success');
    if (verdict === 'late' || verdict === 'filtered') this.#ignore(verdict, error);
  }

  #probeWentWell(epoch: number, begunMs: number): void {
    const tookMs = this.#clock.monotonic() - begunMs;
    if (epoch !== this.#epoch) this.#ignore('late');
    else if (tookMs >= this.#settings.slowMs) this.trip({ kind: 'probe_slow', tookMs });
    else this.#leavePlace(true);
  }

  #leavePlace(isSuccess: boolean): void {
    this.#probes--;
    if (!isSuccess) return;
    this.#successes++;
    if (this.#successes >= this.#settings.successes) this.recover('recovered');
  }

  /** A call let through while it was closed. */
  #threw(error: unknown, call: Call, epoch: number, begunMs: number): void {
    const verdict = this.#judge(error, call, epoch);
    if (verdict === 'late' || verdict === 'filtered') this.#ignore(verdict, error);
    else this.#count(begunMs, verdict === 'failure', error);
  }

  #count(begunMs: number, isFailure: boolean, error: unknown): void {
    const nowMs = this.#clock.monotonic();
    const isSlow = nowMs - begunMs >= this.#settings.slowMs;
    this.#window.count(nowMs, isFailure, isSlow);
    if ((isFailure || isSlow) && this.#state === 'closed') this.#weigh(nowMs, { isFailure, isSlow, error });
  }

  #weigh(nowMs: number, bad: BadCall): void {
    const reason = reached(this.#window, this.#settings, nowMs, bad);
    if (reason !== undefined) this.trip(reason);
  }

  /** A filter that throws must not hide the error of the call, nor keep the place of a probe. */
  #judge(error: unknown, call: Call, epoch: number): 'failure' | 'success' | 'filtered' | 'late' {
    if (epoch !== this.#epoch) return 'late';
    try {
      if (this.#settings.ignores(error, call)) return 'filtered';
      return this.#settings.isFailure(error, call) ? 'failure' : 'success';
    } catch {
      return 'failure';
    }
  }

  #enter(state: BreakerStateValue): void {
    this.#state = state;
    this.#epoch++;
    this.#enteredMs = this.#clock.monotonic();
    this.#probes = 0;
    this.#successes = 0;
    this.#window.clear();
  }

  #isFull(): boolean {
    return this.#state === 'half_open' && this.#probes >= this.#settings.probes;
  }

  #isRefusing(): boolean {
    return this.#state === 'open' || this.#state === 'forced_open' || this.#isFull();
  }

  #refusal(nowMs: number): Error {
    const retryAfterMs = this.#retryAfterMs(nowMs);
    const state = this.#state as RefusingState; // it is refusing
    this.#tell({ type: 'refused', reason: state, retryAfterMs });
    return new BreakerOpenError(`The breaker ${this.name} is ${said[state]}: nothing was called.`, {
      data: { breaker: this.name, state, retryAfterMs },
    });
  }

  #retryAfterMs(nowMs: number): number {
    if (this.#state === 'forced_open') return Number.POSITIVE_INFINITY;
    // Whole, so that a rounding error makes nobody come too early.
    return this.#state === 'open' ? Math.max(0, Math.ceil(this.#enteredMs + this.#waitMs - nowMs)) : 0;
  }

  #drawWaitMs(): number {
    const { openMs, openJitter } = this.#settings;
    return openJitter === 0 ? openMs : openMs * (1 + openJitter * (this.#random?.next() ?? 0));
  }

  #importNews(): BreakerNews {
    const { state } = this;
    if (state === 'half_open') return { type: 'half_opened', reason: 'imported' };
    if (state === 'disabled') return { type: 'disabled', reason: 'imported' };
    if (state === 'closed' || state === 'forced_closed') return { type: 'closed', reason: 'imported' };
    return { type: 'opened', reason: { kind: 'imported' }, retryAfterMs: this.#retryAfterMs(this.#enteredMs) };
  }

  #ignore(reason: 'late' | 'filtered', error?: unknown): void {
    if (this.#isHeard)
      this.#tell(error === undefined ? { type: 'ignored', reason } : { type: 'ignored', reason, error });
  }

  get #isHeard(): boolean {
    return this.#settings.onEvent !== undefined || this.#listeners?.isEmpty === false;
  }

  #tell(news: BreakerNews): void {
    if (!this.#isHeard) return;
    const event: BreakerEvent = { breaker: this.name, ...news };
    try {
      this.#settings.onEvent?.(event);
    } catch {
      // As its option says: it must not change a call.
    }
    this.#listeners?.tell({ ...event, part: 'breaker' });
  }
}

const said: Readonly<Record<RefusingState, string>> = {
  open: 'open',
  half_open: 'half-open, with as many probes under way as it allows',
  forced_open: 'forced open',
};
