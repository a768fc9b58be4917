/** `permanent`: always restarted. `transient`: after a crash only. `temporary`: never. As in OTP's supervisor. */
export type RestartType = 'permanent' | 'transient' | 'temporary';

export const restartTypes: readonly RestartType[] = ['permanent', 'transient', 'temporary'];

/** How often children may be restarted before their supervisor gives up. As in OTP: more than `intensity` restarts within `periodMs`. */
export interface RestartLimit {
  /** Default 3. With 0 the first crash is one too many. */
  readonly intensity: number;
  /** Default 5,000 ms. */
  readonly periodMs: number;
}
