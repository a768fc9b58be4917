/** What a node may do while it cannot know whether it still belongs to the cluster. Told the time. */
import type { AgreeingSettings } from './ground.ts';

export type Standing = 'serving' | 'verifying' | 'refusing';

export interface StandingLook {
  readonly nowMs: number;
  readonly isConnected: boolean;
  readonly hearsMajority: boolean;
}

/** Looks come this often, in ms, or the node was late. */
const LOOK_MS = 50;

export class StandingRule {
  readonly #settings: Pick<AgreeingSettings, 'leaseMs' | 'refuseMs'>;
  /** When this node was last known to run and to be connected. */
  #soundMs: number;
  /** Since when it has heard no majority. */
  #aloneMs: number | undefined;
  /** Since when it does not know what happened meanwhile. */
  #unsureMs: number | undefined;
  #isVerifying = false;

  constructor(settings: Pick<AgreeingSettings, 'leaseMs' | 'refuseMs'>, nowMs: number) {
    this.#settings = settings;
    this.#soundMs = nowMs;
  }

  /** Asked before anything is answered: a node that was stopped and wakes does not know it before its clock says so. */
  at(nowMs: number): Standing {
    const { refuseMs } = this.#settings;
    if (this.#aloneMs !== undefined && nowMs - this.#aloneMs >= refuseMs) return 'refusing';
    return this.isSure(nowMs) ? 'serving' : 'verifying';
  }

  /** Whether nothing was committed that this node should have read and has not. */
  isSure(nowMs: number): boolean {
    return this.#unsureMs === undefined && nowMs - this.#soundMs <= this.#settings.leaseMs + LOOK_MS;
  }

  joined(nowMs: number): void {
    this.#soundMs = nowMs;
    this.#aloneMs = undefined;
    this.#unsureMs = undefined;
  }

  look({ nowMs, isConnected, hearsMajority }: StandingLook): void {
    if (nowMs - this.#soundMs > this.#settings.leaseMs) this.#unsureMs = nowMs;
    if (isConnected) this.#soundMs = nowMs;
    if (hearsMajority) this.#aloneMs = undefined;
    else this.#aloneMs ??= nowMs;
  }

  /** False where it is under way. */
  beginVerifying(): boolean {
    if (this.#isVerifying) return false;
    this.#isVerifying = true;
    return true;
  }

  /** @param begunMs When the question was put: it says nothing about what came after. */
  endVerifying(isSure: boolean, begunMs: number): void {
    this.#isVerifying = false;
    if (isSure && this.#unsureMs !== undefined && this.#unsureMs <= begunMs) this.#unsureMs = undefined;
  }
}
