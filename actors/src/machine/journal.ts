/**
 * What became of a machine's children since its last good state, so that the state can be preserved as it was then:
 * XState changes children in place, and a child that has ended no longer knows its input.
 */
import type { AnyActor, AnyActorRef, AnyMachineSnapshot } from 'xstate';
import { childrenOf, inputOf, kindOf, stateOf, stopTree } from './children.ts';
import type { ChildRecord, StateRecord } from './preserved.ts';

export class Journal {
  readonly #ended = new Map<AnyActorRef, 'done' | 'failed'>();
  readonly #stopped = new Map<AnyActorRef, ChildRecord>();

  /** An event reached the machine that no message brought. XState leaves the children of a child that threw running. */
  noteEvent(event: { readonly type: string; readonly actorId?: string }, state: AnyMachineSnapshot): void {
    if (event.actorId === undefined) return;
    const ref = state.children[event.actorId];
    if (!ref) return;
    if (event.type.startsWith('xstate.done.actor.')) this.#ended.set(ref, 'done');
    else if (event.type.startsWith('xstate.error.actor.')) {
      this.#ended.set(ref, 'failed');
      this.noteStop(ref);
      for (const [, orphan] of childrenOf(stateOf(ref))) stopTree(orphan);
    }
  }

  /** The machine is about to stop a child. */
  noteStop(ref: AnyActorRef): void {
    if (!this.#stopped.has(ref)) this.#stopped.set(ref, recordOf(ref));
  }

  commit(): void {
    if (this.#ended.size > 0) this.#ended.clear();
    if (this.#stopped.size > 0) this.#stopped.clear();
  }

  /** The state with its children as they were at the last commit: with none, the snapshot itself. */
  record(state: AnyMachineSnapshot): AnyMachineSnapshot | StateRecord {
    return childrenOf(state).length === 0 ? state : withChildren(state, (ref) => this.#childRecord(ref));
  }

  #childRecord(ref: AnyActorRef): ChildRecord {
    const record = this.#stopped.get(ref) ?? recordOf(ref);
    const end = this.#ended.get(ref);
    if (end === 'done') return { ...record, untold: true };
    return end === 'failed' && record.snapshot.status !== 'active' ? revived(record, ref) : record;
  }
}

/** As it was before it failed: a machine goes on from its last state, anything else begins again. */
function revived(record: ChildRecord, ref: AnyActorRef): ChildRecord {
  const { error, ...snapshot } = record.snapshot;
  const input = record.kind === 'machine' ? {} : { input: inputOf(ref) };
  return { ...record, snapshot: { ...snapshot, ...input, status: 'active' } };
}

function recordOf(ref: AnyActorRef): ChildRecord {
  const actor = ref as AnyActor & { _syncSnapshot?: boolean }; // every ref of XState is an actor; it restores from this
  const { src, systemId, _syncSnapshot: syncSnapshot, logic } = actor;
  const kind = kindOf(ref);
  const state = actor.getSnapshot();
  const snapshot = kind === 'machine' ? withChildren(state, recordOf) : logic.getPersistedSnapshot(state);
  return { snapshot, src, systemId, syncSnapshot, kind };
}

/** A snapshot as XState persists it, but for its children: XState fails on one whose logic is not provided. */
function withChildren(state: AnyMachineSnapshot, recordChild: (ref: AnyActorRef) => ChildRecord): StateRecord {
  const records = childrenOf(state).map(([id, ref]) => [id, recordChild(ref)] as const);
  return { ...persistedOf({ ...state, children: {} } as AnyMachineSnapshot), children: Object.fromEntries(records) };
}

/** A snapshot without children as XState persists it. */
export function persistedOf(state: AnyMachineSnapshot): StateRecord {
  return state.machine.getPersistedSnapshot(state) as StateRecord; // each has a status
}
