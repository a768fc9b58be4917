/** Links and monitors: made, taken back, and told when a process ends. As Erlang has them. */
import type { ExitReason } from '@jaegis/core';
import type { Kernel } from './kernel.ts';
import { ActorMonitor, bondsOf, type Process, type Watcher } from './process.ts';

export function link(one: Process, other: Process): void {
  if (one === other) return;
  if (!other.isAlive) {
    one.receiveExit(other, other.absence, false);
    return;
  }
  if (one.bonds?.links.has(other)) return;
  bondsOf(one).links.add(other);
  bondsOf(other).links.add(one);
  other.linked(one);
}

export function unlink(one: Process, other: Process): void {
  if (one.bonds?.links.delete(other) !== true) return;
  other.bonds?.links.delete(one);
  other.unlinked(one);
}

/** @param self The watcher where it is a process; code outside the actors may watch too. */
export function monitor(
  watcher: Watcher,
  self: Process | undefined,
  target: Process | undefined,
  name: string,
  tag: unknown,
): ActorMonitor {
  const made = new ActorMonitor(name, watcher, self, tag);
  if (target !== undefined && target === self) return made;
  if (!target?.isAlive) {
    made.fire(target, target?.absence ?? 'noproc');
    return made;
  }
  made.watched = target;
  bondsOf(target).watchers.add(made);
  if (self) bondsOf(self).watching.add(made);
  target.watched(made);
  return made;
}

/** Whether it was in time: nothing has fired. */
export function demonitor(made: ActorMonitor): boolean {
  const { watched } = made;
  made.watched = undefined;
  watched?.bonds?.watchers.delete(made);
  watched?.unwatched(made);
  made.owner?.bonds?.watching.delete(made);
  if (made.endsAlias) made.alias?.close();
  return made.signal === undefined && watched !== undefined;
}

/** An incarnation is over: frees its names first, then tells those that are linked to it or watch it. */
export function endBonds(process: Process, reason: ExitReason, kernel: Kernel): void {
  const { bonds } = process;
  if (!bonds) return;
  process.bonds = undefined;
  for (const name of bonds.names) kernel.names.release(name, process);
  for (const group of bonds.groups) kernel.groups.forget(group, process);
  for (const timer of bonds.timers) timer.cancel();
  for (const alias of bonds.aliases) alias.close();
  bonds.unwatchNodes?.();
  for (const made of bonds.watching) {
    made.watched?.bonds?.watchers.delete(made);
    made.watched?.unwatched(made);
  }
  for (const peer of bonds.links) {
    peer.bonds?.links.delete(process);
    peer.receiveExit(process, reason, false);
  }
  for (const made of bonds.watchers) made.fire(process, reason);
}
