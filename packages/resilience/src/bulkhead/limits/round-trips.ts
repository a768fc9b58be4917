/** What a learning limit knows of round trips: how long they take now, and how long they would without a queue. */

/** Calls whose round trips are taken together as the present one: one alone says little. */
const SHORT_WINDOW = 10;
/** Calls that a probe measures. */
const PROBE_SAMPLES = 25;

/**
 * The round trip without a queue is at first the least that was seen, and is then measured from time to time: for a moment
 * so few calls are allowed that none of them waits. (Envoy does so in its adaptive
 * concurrency; a slow average instead, as Netflix' Gradient2 has it, follows the queue itself under lasting load, and the
 * limit with it.)
 */
export class RoundTrips {
  readonly #probeEvery: number;
  #shortMs = 0;
  #baseMs = Number.POSITIVE_INFINITY;
  /** Once it is, a chance run of short calls does not make it shorter. */
  #isMeasured = false;
  #seen = 0;
  #untilProbe: number;
  #probeLimit: number | undefined;
  #probed = 0;
  #probeSumMs = 0;

  /** @param probeEvery Calls from one measurement to the next. */
  constructor(probeEvery: number) {
    this.#probeEvery = probeEvery;
    this.#untilProbe = probeEvery;
  }

  /** How long calls take now: an average that follows within some ten calls. In ms. */
  get shortMs(): number {
    return this.#shortMs;
  }

  /** How long they take where nothing waits. In ms. */
  get baseMs(): number {
    return this.#baseMs;
  }

  /** The limit while it is being measured; undefined at all other times. */
  get probeLimit(): number | undefined {
    return this.#probeLimit;
  }

  /** @returns Whether the limit may learn from it. */
  add(rttMs: number, inFlight: number, limit: number): boolean {
    if (this.#probeLimit !== undefined) {
      this.#probe(rttMs, inFlight, this.#probeLimit);
      return false;
    }
    this.#seen += 1;
    this.#shortMs += (rttMs - this.#shortMs) / Math.min(this.#seen, SHORT_WINDOW);
    if (!this.#isMeasured) this.#baseMs = Math.min(this.#baseMs, this.#shortMs);
    this.#untilProbe -= 1;
    if (this.#untilProbe <= 0) this.#probeLimit = Math.max(1, Math.floor(limit / 4));
    return true;
  }

  /** Those that began before it still waited with others. */
  #probe(rttMs: number, inFlight: number, limit: number): void {
    if (inFlight > limit) return;
    this.#probed += 1;
    this.#probeSumMs += rttMs;
    if (this.#probed < PROBE_SAMPLES) return;
    this.#baseMs = this.#shortMs = this.#probeSumMs / this.#probed;
    this.#isMeasured = true;
    this.#probed = this.#probeSumMs = 0;
    this.#probeLimit = undefined;
    this.#untilProbe = this.#probeEvery;
  }
}
