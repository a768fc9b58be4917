import { InvalidMessageError, type Timer } from '@jaegis/core';
import type { ActorTimer } from './contract.ts';
import type { Kernel } from './kernel.ts';
import { bondsOf, Process } from './process.ts';
import type { Message } from './protocol.ts';

export type TimerTarget = (Process & { tell(message: Message): void }) | string;

/**
 * Sends a message after a time. One to a process ends with the incarnation that it was set for; one to a name goes to
 * whoever holds the name then.
 *
 * @throws InvalidMessageError for a time that is no whole number of milliseconds from 0.
 */
export function startTimer(
  kernel: Kernel,
  time: number | { readonly at: number },
  message: Message,
  target: TimerTarget,
): ActorTimer {
  const { traces } = kernel;
  const { clock } = kernel.services;
  const setter = traces.isOn ? traces.active() : undefined;
  const delayMs = delayOf(time, clock.monotonic());
  const dueMs = clock.monotonic() + delayMs;
  const process = target instanceof Process ? target : undefined;
  let timer: Timer | undefined;
  const left = () => (timer ? Math.max(0, Math.ceil(dueMs - clock.monotonic())) : false);
  const made: ActorTimer = {
    left,
    cancel: () => {
      const remaining = left();
      clock.clearTimer(timer);
      timer = undefined;
      process?.bonds?.timers.delete(made);
      return remaining;
    },
  };
  if (process && !process.isAlive) return made;
  timer = clock.setTimer(delayMs, () => {
    made.cancel();
    if (traces.isOn) traces.fire(setter, () => kernel.deliver(target, message));
    else kernel.deliver(target, message);
  });
  if (process) bondsOf(process).timers.add(made);
  return made;
}

function delayOf(time: number | { readonly at: number }, now: number): number {
  if (typeof time === 'number' && Number.isSafeInteger(time) && time >= 0) return time;
  if (typeof time === 'object' && time !== null && Number.isFinite(time.at)) return Math.max(0, time.at - now);
  throw new InvalidMessageError(
    `A timer takes whole milliseconds from 0, or { at } of the monotonic clock; this is ${String(time)}.`,
    { data: { path: 'time' } },
  );
}
