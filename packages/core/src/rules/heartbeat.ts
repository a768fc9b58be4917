/**
 * What a heart knows of its node, and the beat that it makes of it. Told the time, in ms. Shared by the real heart and
 * the simulated one, so that both say the same.
 */
import type { Beat, Load } from '../ports/heart.ts';
import type { Member } from '../values/view.ts';

const noLoad: Load = { index: 0, epoch: 0, waiting: 0, heapBytes: 0, ready: true };

/** What keeps an event loop from turning, as far as that is known. */
export type Culprit = Pick<Beat, 'actor' | 'at'>;

export interface HeartbeatSettings {
  /** As in `HeartOptions`. */
  readonly stalledAfterMs: number;
  /** How often the heart looks at its node at least, in ms. */
  readonly lookMs: number;
}

export class Heartbeat {
  readonly self: Pick<Member, 'id' | 'incarnation'>;
  readonly #settings: HeartbeatSettings;
  #load = noLoad;
  #turnedMs: number;
  #wordMs: number;
  #lookedMs: number;
  #culprit: Culprit = {};

  /** The loop turns and its path is open when this begins: who starts it has just done both. */
  constructor({ id, incarnation }: Member, nowMs: number, settings: HeartbeatSettings) {
    this.self = { id, incarnation };
    this.#settings = settings;
    this.#turnedMs = nowMs;
    this.#wordMs = nowMs;
    this.#lookedMs = nowMs;
  }

  /** Whoever looks comes late where the whole process stood still, or waited for a processor: no fault of the loop. */
  #look(nowMs: number): void {
    const lateMs = Math.max(0, nowMs - this.#lookedMs - this.#settings.lookMs);
    this.#turnedMs = Math.min(nowMs, this.#turnedMs + lateMs);
    this.#wordMs = Math.min(nowMs, this.#wordMs + lateMs);
    this.#lookedMs = nowMs;
  }

  turned(nowMs: number, load: Load): void {
    // While it stood still it could send nothing, so that is not held against the path.
    if (nowMs - this.#turnedMs >= this.#settings.stalledAfterMs) this.#wordMs = Math.max(this.#wordMs, nowMs);
    this.#turnedMs = nowMs;
    this.#load = load;
    this.#culprit = {};
  }

  /** A sign of life came over the connection of the actors; or none could, since the heart's own was lost until now. */
  heard(nowMs: number): void {
    this.#wordMs = nowMs;
  }

  /** What runs while the loop stands still. */
  named(culprit: Culprit): void {
    this.#culprit = culprit;
  }

  loopMs(nowMs: number): number {
    this.#look(nowMs);
    return Math.max(0, nowMs - this.#turnedMs);
  }

  isStalled(nowMs: number): boolean {
    return this.loopMs(nowMs) >= this.#settings.stalledAfterMs;
  }

  beat(nowMs: number): Beat {
    const untilMs = this.isStalled(nowMs) ? this.#turnedMs : nowMs;
    return {
      ...this.#load,
      ...this.self,
      loopMs: Math.round(this.loopMs(nowMs)),
      pathMs: Math.round(Math.max(0, untilMs - this.#wordMs)),
      ...this.#culprit,
    };
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeBeat(beat: Beat): Uint8Array {
  return encoder.encode(JSON.stringify(beat));
}

/** Undefined for what is no beat. */
export function decodeBeat(data: Uint8Array): Beat | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(data));
    return isBeat(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const numbers = ['index', 'epoch', 'waiting', 'heapBytes', 'loopMs', 'pathMs'];

function isBeat(value: unknown): value is Beat {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { id, incarnation, ready, missing, actor, at } = fields;
  return (
    typeof id === 'string' &&
    typeof incarnation === 'string' &&
    typeof ready === 'boolean' &&
    numbers.every((name) => Number.isFinite(fields[name])) &&
    (missing === undefined || (Array.isArray(missing) && missing.every((name) => typeof name === 'string'))) &&
    [actor, at].every((text) => text === undefined || typeof text === 'string')
  );
}
