/** How a machine goes on from a preserved state: what XState's own restore leaves out, as pure changes to the record. */
import { CancelledError } from '@jaegis/core';
import type { EventObject } from 'xstate';
import type { DelayPolicy } from './delays.ts';
import type { ChildRecord, StateRecord } from './preserved.ts';

export interface RestoreOptions {
  /**
   * When delayed transitions and delayed events fire. `deadline` (default): when they would have, by the wall clock; at
   * once where that is past. `remaining`: after the time that was left when the state was preserved. `anew`: after the
   * whole delay.
   */
  readonly delays?: DelayPolicy;
  /**
   * `restart` (default): a promise under way is begun again with its input. `interrupted`: it is not; its machine gets
   * its error event with `cancelled`, so that `onError` is taken. Callbacks, observables and machines go on in any case.
   */
  readonly invoked?: 'restart' | 'interrupted';
}

/** An event that a child would have sent, had its process lived. */
export interface Owed {
  /** To whom: ids of children from the root. */
  readonly to: readonly string[];
  readonly event: ChildEvent;
}

interface ChildEvent extends EventObject {
  readonly actorId: string;
}

/** The record to restore from, and the events to deliver once it is. */
export function planRestore(
  state: StateRecord,
  invoked: NonNullable<RestoreOptions['invoked']>,
  path: readonly string[] = [],
): { readonly state: StateRecord; readonly owed: readonly Owed[] } {
  const owed: Owed[] = [];
  const children: Record<string, ChildRecord> = {};
  for (const [id, child] of Object.entries(state.children ?? {})) {
    const below = planRestore(child.snapshot, invoked, [...path, id]);
    owed.push(...below.owed);
    children[id] = { ...child, snapshot: below.state };
    if (child.untold) {
      owed.push({ to: path, event: childEvent('done', id, { output: child.snapshot.output }) });
    } else if (invoked === 'interrupted' && child.kind === 'promise' && child.snapshot.status === 'active') {
      const error = new CancelledError(`The promise "${id}" was interrupted: its machine was restarted.`, {
        data: { child: id },
      });
      children[id] = { ...child, snapshot: { ...child.snapshot, status: 'stopped' } };
      owed.push({ to: path, event: childEvent('error', id, { error }) });
    }
  }
  // XState writes the new children into the context that it is given.
  const context = withOwnMarkers(state.context);
  return { state: { ...state, ...(state.children ? { children } : {}), ...(context ? { context } : {}) }, owed };
}

function childEvent(end: 'done' | 'error', id: string, rest: object): ChildEvent {
  return { type: `xstate.${end}.actor.${id}`, ...rest, actorId: id };
}

const isMarker = (value: unknown) => typeof value === 'object' && value !== null && 'xstate$$type' in value;

/** A copy of each object on the way to a reference to a child; all else is shared. */
function withOwnMarkers<Part>(part: Part, seen = new Set<unknown>()): Part {
  if (typeof part !== 'object' || part === null || seen.has(part)) return part;
  seen.add(part);
  let copy: Part | undefined;
  for (const [key, value] of Object.entries(part)) {
    const own = isMarker(value) ? value : withOwnMarkers(value, seen);
    if (own === value && !isMarker(value)) continue;
    copy ??= (Array.isArray(part) ? [...part] : { ...part }) as Part; // of the same form
    Object.assign(copy as object, { [key]: own });
  }
  return copy ?? part;
}
