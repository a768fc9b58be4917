import type { AutoShutdown, ChildStatus } from '../values/child-spec.ts';

interface MaybeSignificant {
  readonly significant: boolean;
}

/**
 * Whether a supervisor ends because a child has (OTP supervisor, do_auto_shutdown). Asked only for a child that ended
 * by itself and is not restarted; not when it was terminated, or stopped with its group.
 *
 * @param children those still in the list; whether the one that ended is among them makes no difference. A child that
 * is about to be restarted counts as alive.
 */
export function autoShutdown(
  mode: AutoShutdown,
  ended: MaybeSignificant,
  children: Iterable<MaybeSignificant & { readonly status: ChildStatus }>,
): 'stay' | 'shut-down' {
  if (mode === 'never' || !ended.significant) return 'stay';
  if (mode === 'any_significant') return 'shut-down';
  for (const child of children) {
    if (child.significant && child !== ended && child.status !== 'stopped') return 'stay';
  }
  return 'shut-down';
}
