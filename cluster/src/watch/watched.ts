/**
 * One member as its watcher sees it: its beats, what they say now, and what it is called, which lags behind where it gets
 * better. Told the time of listening (`ears.ts`), in ms, and the time of the clock where silence counts in any case.
 */
import {
  type Beat,
  type HealthSettings,
  type Member,
  type Observation,
  PhiAccrual,
  phiSettings,
  type Sight,
  sightOf,
} from '@jaegis/core';
import { memberMachine } from '@jaegis/machines';
import { initialTransition, transition } from 'xstate';

/** One that relapses within so long was not well; ms. */
const RELAPSE_MS = 30_000;
/** How soon, in beats, it is asked again where nobody listens: its connections may be on their way to another server. */
const ASK_AGAIN = 0.75;
/** For how long, in beats, nobody must have listened. */
const GONE = 0.7;

export interface Moment {
  readonly nowMs: number;
  /** The same in time of listening. */
  readonly heardMs: number;
}

export class Watched {
  readonly member: Member;
  readonly #settings: HealthSettings;
  readonly #phi: PhiAccrual;
  #beat: Beat | undefined;
  /** Since when nobody listens at its address, by listening time, and until when that is known. */
  #nobody: { readonly sinceMs: number; readonly untilMs: number } | undefined;
  #last: Moment;
  /** Silence already asked about, by listening time. */
  #askedMs = Number.NEGATIVE_INFINITY;
  /** The first question since the last sign of life, by listening time. */
  #firstAskedMs: number | undefined;
  #called = initialTransition(memberMachine)[0];
  #trouble: Sight = 'alive';
  #calmMs = 0;
  #wellMs = Number.NEGATIVE_INFINITY;
  #steadyMs: number;

  /** It counts as seen now. */
  constructor(member: Member, settings: HealthSettings, now: Moment) {
    this.member = member;
    this.#settings = settings;
    this.#phi = new PhiAccrual(phiSettings(settings));
    this.#phi.beat(now.heardMs);
    this.#last = now;
    this.#steadyMs = settings.steadyMs;
  }

  /** See {@link call}. */
  get called(): Sight {
    return this.#trouble;
  }

  /** Since it was last heard of, by the clock. */
  unheardMs(nowMs: number): number {
    return nowMs - this.#last.nowMs;
  }

  beat(beat: Beat, now: Moment): void {
    this.#phi.beat(now.heardMs);
    this.#beat = beat;
    this.#sign(now);
  }

  /** Its heart answered: as good as a beat, but at no time of its own. */
  answered(beat: Beat, now: Moment): void {
    this.#beat = beat;
    this.#sign(now);
  }

  /** Its main loop answered, over the connection of its actors: so it turns, and the way is open. */
  said(now: Moment): void {
    if (this.#beat) this.#beat = { ...this.#beat, loopMs: 0, pathMs: 0 };
    this.#sign(now);
  }

  /** The server said that nobody listens at its address. */
  nobody({ heardMs }: Moment): void {
    this.#nobody = { sinceMs: this.#nobody?.sinceMs ?? heardMs, untilMs: heardMs };
  }

  /** Whether the server has said so for long enough. */
  get isGone(): boolean {
    return this.#nobody !== undefined && this.#nobody.untilMs - this.#nobody.sinceMs >= GONE * this.#settings.beatMs;
  }

  #sign(now: Moment): void {
    this.#last = now;
    this.#firstAskedMs = undefined;
    // Nobody listened while it was between two servers.
    this.#nobody = undefined;
  }

  /** Whether it is silent for so long that it should be asked, once in a beat. */
  isToBeAsked(now: Moment): boolean {
    if (this.untilAskedMs(now) > 0) return false;
    this.#askedMs = now.heardMs;
    this.#firstAskedMs ??= now.heardMs;
    return true;
  }

  /** How soon it is to be asked if it stays silent, in ms. */
  untilAskedMs({ heardMs }: Moment): number {
    const { askAfterMs, beatMs } = this.#settings;
    const everyMs = this.#nobody === undefined || this.isGone ? beatMs : ASK_AGAIN * beatMs;
    return Math.max(askAfterMs - this.#silentMs(heardMs), everyMs - (heardMs - this.#askedMs));
  }

  /** Whether it has left a question without an answer for as long as answers are waited for: asking again says no more. */
  hasNotAnswered({ heardMs }: Moment): boolean {
    return this.#firstAskedMs !== undefined && heardMs - this.#firstAskedMs >= this.#settings.answerMs;
  }

  /** What the signs say at this moment. */
  sees({ heardMs }: Moment): Sight {
    const silentMs = this.#silentMs(heardMs);
    const signs = { silentMs, phi: this.#phi.phiAfter(silentMs), isGone: this.isGone, beat: this.#beat };
    return sightOf(signs, this.#settings);
  }

  /** What it is called from this look on, and whether it was called something else before. */
  call(now: Moment): { readonly sees: Sight; readonly changed: boolean } {
    const before = this.#trouble;
    const sees = this.sees(now);
    if (sees === 'alive') this.#getBetter(now.heardMs);
    else this.#fall(sees, now.heardMs);
    return { sees: this.#trouble, changed: this.#trouble !== before };
  }

  #fall(sees: Sight, heardMs: number): void {
    if (this.#called.value === 'alive') {
      const { steadyMs } = this.#settings;
      const isRelapse = heardMs - this.#wellMs < RELAPSE_MS;
      this.#steadyMs = isRelapse ? Math.min(this.#steadyMs * 2, RELAPSE_MS) : steadyMs;
    }
    this.#move('trouble');
    this.#trouble = sees;
  }

  #getBetter(heardMs: number): void {
    if (this.#called.value === 'alive') return;
    // Each missed beat begins the time anew in which it must show that it is well.
    if (this.#called.value === 'troubled' || this.#silentMs(heardMs) >= this.#settings.askAfterMs) {
      this.#move('calm');
      this.#calmMs = heardMs;
    }
    // It is there, so it is not gone, whatever else was wrong with it.
    if (this.#trouble === 'gone') this.#trouble = 'silent';
    if (heardMs - this.#calmMs < this.#steadyMs) return;
    this.#move('steady');
    this.#wellMs = heardMs;
    this.#trouble = 'alive';
  }

  #move(type: 'trouble' | 'calm' | 'steady'): void {
    [this.#called] = transition(memberMachine, this.#called, { type });
  }

  /** The evidence for what it is seen as. */
  observation(by: Observation['by'], sees: Sight, { heardMs }: Moment): Observation {
    const silentMs = this.#silentMs(heardMs);
    const phi = Math.round(this.#phi.phiAfter(silentMs) * 100) / 100;
    return { ...observed(this.member, by, sees, this.#beat), silentMs: Math.round(silentMs), phi };
  }

  #silentMs(heardMs: number): number {
    return Math.max(0, heardMs - this.#last.heardMs);
  }
}

/** An observation without a history of beats. */
export function observed(
  { id, incarnation }: Observation['of'],
  by: Observation['by'],
  sees: Sight,
  beat: Beat | undefined,
): Observation {
  return {
    of: { id, incarnation },
    by: { id: by.id, incarnation: by.incarnation },
    sees,
    silentMs: 0,
    phi: 0,
    ...(beat ? { loopMs: beat.loopMs, pathMs: beat.pathMs } : {}),
    ...(beat?.actor === undefined ? {} : { actor: beat.actor }),
    ...(beat?.at === undefined ? {} : { at: beat.at }),
    ...(beat?.missing === undefined ? {} : { missing: beat.missing }),
  };
}
