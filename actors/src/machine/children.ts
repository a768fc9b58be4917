/** The actors that a machine invoked or spawned: what they are, where they are, how they end, how inspection shows them. */
import { errorToData, type TreeNode } from '@jaegis/core';
import { type AnyActor, type AnyActorLogic, type AnyActorRef, type AnyActorScope, StateMachine } from 'xstate';
import { withoutStacks } from '../inspect/plain.ts';

export type LogicKind = 'machine' | 'promise' | 'callback' | 'observable' | 'transition';

/** What children of a snapshot look like, whatever logic it is of. */
interface AnyState {
  readonly status: string;
  readonly error?: unknown;
  readonly input?: unknown;
  readonly children?: Readonly<Record<string, AnyActorRef>>;
}

/** Its snapshot; each logic has its own, all have a status. */
export function stateOf(ref: AnyActorRef): AnyState {
  return ref.getSnapshot() as AnyState;
}

/** The children of a snapshot that exist: one whose logic is not provided has an id only. */
export function childrenOf(state: unknown): [string, AnyActorRef][] {
  const children = (state as AnyState | undefined)?.children; // read only, and only where there are any
  return children ? Object.entries(children).filter(([, ref]) => ref !== undefined) : [];
}

const kinds = new WeakMap<AnyActorLogic, LogicKind>();

/** XState's logics carry no name: told apart by the form of their snapshots, and promises by what settles them. */
export function kindOf(ref: AnyActorRef): LogicKind {
  const { logic } = ref as AnyActor; // every ref of XState is an actor
  let kind = kinds.get(logic);
  if (!kind) {
    kind = findKind(logic, stateOf(ref));
    kinds.set(logic, kind);
  }
  return kind;
}

function findKind(logic: AnyActorLogic, state: AnyState): LogicKind {
  if (logic instanceof StateMachine) return 'machine';
  if ('_subscription' in state) return 'observable';
  if ('context' in state) return 'transition';
  return isPromise(logic) ? 'promise' : 'callback';
}

function isPromise(logic: AnyActorLogic): boolean {
  try {
    // Pure for promises; that of callbacks throws for an actor it does not know.
    const scope = { self: {} } as AnyActorScope;
    return logic.transition({ status: 'active' }, { type: 'xstate.promise.resolve' }, scope).status === 'done';
  } catch {
    return false;
  }
}

/** What it was given at its start. A promise that has settled no longer has it in its snapshot. */
export function inputOf(ref: AnyActorRef): unknown {
  const { options } = ref as AnyActor; // as above
  const restored = options.snapshot as AnyState | undefined; // of the same logic
  return restored ? restored.input : options.input;
}

/** Ids of children from the root to the actor; undefined for one of another machine. */
export function pathOf(ref: AnyActorRef, root: AnyActorRef): string[] | undefined {
  const path: string[] = [];
  let at = ref;
  for (; at._parent; at = at._parent) path.unshift(at.id);
  return at === root ? path : undefined;
}

export function actorAt(root: AnyActorRef, path: readonly string[]): AnyActorRef | undefined {
  let at: AnyActorRef | undefined = root;
  for (const id of path) at = at && stateOf(at).children?.[id];
  return at;
}

/** Ends an actor and all below it. XState leaves the children of a machine that threw running. */
export function stopTree(ref: AnyActorRef): void {
  const below = childrenOf(stateOf(ref));
  (ref as unknown as { _stop(): void })._stop(); // XState's own way to stop a child; `stop` is for roots only
  for (const [, child] of below) stopTree(child);
}

export function childNodes(state: unknown): TreeNode[] {
  return childrenOf(state).map(([id, ref]) => {
    const { status, error } = stateOf(ref);
    const { src } = ref as AnyActor; // as above
    return {
      id,
      kind: 'actor',
      type: typeof src === 'string' && !src.startsWith('xstate.invoke.') ? src : kindOf(ref),
      status: status === 'active' ? 'running' : 'stopped',
      mailbox: 0,
      handled: 0,
      restarts: 0,
      ...(status === 'error' ? { lastError: withoutStacks(errorToData(error)) } : {}),
      children: childNodes(stateOf(ref)),
    };
  });
}
