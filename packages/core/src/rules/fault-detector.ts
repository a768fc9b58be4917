/**
 * When a silent node is looked at, and when it is given up. Suspicion is cheap (a direct question follows); the
 * verdict `down` is only a proposal to change the view.
 */
export interface FaultDetectorSettings {
  /** Silence after which the node is asked directly, in ms. Default 250: two and a half beats. */
  readonly suspectAfterMs: number;
  /** Silence, direct questions included, after which it counts as down, in ms. Default 1,500. */
  readonly downAfterMs: number;
}

export const defaultFaultDetector: FaultDetectorSettings = { suspectAfterMs: 250, downAfterMs: 1_500 };

export interface Evidence {
  /** Milliseconds since the last sign of life. */
  readonly silentMs: number;
  /** Whether the server said that nobody listens at the node's address any more. */
  readonly noResponders: boolean;
  /** How late our own clock's last look was, in ms: what we were late ourselves we do not hold against others (Lifeguard). */
  readonly ownLatenessMs: number;
}

export type Suspicion = 'alive' | 'suspect' | 'down';

export function suspicion(evidence: Evidence, settings: FaultDetectorSettings): Suspicion {
  if (evidence.noResponders) return 'down';
  const silent = evidence.silentMs - evidence.ownLatenessMs;
  if (silent >= settings.downAfterMs) return 'down';
  return silent >= settings.suspectAfterMs ? 'suspect' : 'alive';
}
