/**
 * What a transition between plain states does, worked out once: the states it leaves and enters do not depend on data
 * unless history, final states, invoked work or regions are concerned. For those there is no plan, and XState decides.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** An action as XState's own actions are made: functions with properties. */
export interface Builtin {
  readonly type: string;
  readonly assignment?: unknown;
  readonly delay?: unknown;
  resolve(scope: unknown, state: unknown, args: object, params: unknown, action: Builtin, extra: object): unknown[];
  execute(scope: unknown, params: unknown): void;
}

export type PlannedAction =
  | { readonly kind: 'assign'; readonly params: unknown; readonly assignment: Assignment }
  | { readonly kind: 'builtin'; readonly params: unknown; readonly action: Builtin }
  | {
      readonly kind: 'custom';
      readonly params: unknown;
      readonly run: ((args: object, params: unknown) => void) | undefined;
    };

/** One function for the whole update, or each field with its value or the function that gives it. */
export type Assignment = ((args: object, params: unknown) => object) | readonly (readonly [string, unknown])[];

export interface Plan {
  readonly actions: readonly PlannedAction[];
  /** The states afterwards. Undefined: the same. */
  readonly nodes: readonly AnyStateNode[] | undefined;
}

/** A machine without eventless transitions: one event is one step of it, unless its actions raise others. */
export function hasPlans({ root }: AnyStateMachine): boolean {
  return !hasAlways(root);
}

function hasAlways(node: AnyStateNode): boolean {
  return node.always !== undefined || Object.values(node.states).some(hasAlways);
}

export function planOf(
  transition: AnyTransitionDefinition,
  nodes: readonly AnyStateNode[],
  machine: AnyStateMachine,
): Plan | undefined {
  const { target, source } = transition;
  if (!target || target.length === 0) return withActions(transition.actions, undefined, machine);
  const [node] = target;
  if (!node || target.length > 1 || transition.reenter) return undefined;
  if (node === machine.root && node !== source) return undefined; // which XState enters without leaving it
  const domain = domainOf(node, source);
  const left = nodes.filter((other) => isBelow(other, domain)).sort((a, b) => b.order - a.order);
  const entered = enteredBelow(domain, node);
  if (!entered || domain.type === 'parallel' || ![...left, ...entered].every(isPlain)) return undefined;
  const actions = [
    ...left.flatMap(({ exit }) => exit),
    ...transition.actions,
    ...entered.flatMap(({ entry }) => entry),
  ];
  return withActions(actions, [...nodes.filter((other) => !left.includes(other)), ...entered], machine);
}

/** The innermost state that holds before and after: the source, when the target is inside it. */
function domainOf(target: AnyStateNode, source: AnyStateNode): AnyStateNode {
  if (target === source || isBelow(target, source)) return source;
  let at = target.parent;
  while (at?.parent && !isBelow(source, at)) at = at.parent;
  return at ?? target.machine.root;
}

/** From the outermost: those around the target, the target, its initial states. Undefined where history is involved. */
function enteredBelow(domain: AnyStateNode, target: AnyStateNode): AnyStateNode[] | undefined {
  if (target.type === 'history') return undefined;
  const entered: AnyStateNode[] = [];
  for (let at: AnyStateNode | undefined = target; at && at !== domain; at = at.parent) entered.unshift(at);
  let at = target;
  while (at.type === 'compound') {
    const [inner]: readonly AnyStateNode[] = at.initial.target;
    if (inner?.parent !== at || inner.type === 'history') return undefined; // none, or one deeper inside
    entered.push(inner);
    at = inner;
  }
  return entered;
}

function isBelow(node: AnyStateNode, ancestor: AnyStateNode): boolean {
  for (let at = node.parent; at; at = at.parent) if (at === ancestor) return true;
  return false;
}

/** To leave or enter it means its actions and nothing else. */
function isPlain(node: AnyStateNode): boolean {
  const isSimple = node.type === 'atomic' || (node.type === 'compound' && node.initial.actions.length === 0);
  return isSimple && node.invoke.length === 0 && Object.values(node.states).every(({ type }) => type !== 'history');
}

function withActions(actions: readonly unknown[], nodes: Plan['nodes'], machine: AnyStateMachine): Plan | undefined {
  const planned: PlannedAction[] = [];
  for (const action of actions) {
    const known = plannedAction(action, machine);
    if (!known) return undefined;
    planned.push(known);
  }
  return { actions: planned, nodes };
}

function plannedAction(action: unknown, machine: AnyStateMachine): PlannedAction | undefined {
  const { actions } = machine.implementations;
  const named = action as { readonly type: string; readonly params?: unknown }; // where it is neither text nor function
  const found: unknown =
    typeof action === 'function' ? action : actions[typeof action === 'string' ? action : named.type];
  const params = typeof action === 'object' ? named.params : undefined;
  if (found === undefined || !('resolve' in (found as object))) {
    return { kind: 'custom', params, run: found as undefined }; // a function of the application, or none was provided
  }
  const builtin = found as Builtin; // only XState's own have `resolve`
  if (builtin.type === 'xstate.assign') return { kind: 'assign', params, assignment: assignmentOf(builtin) };
  return isHarmless(builtin, machine) ? { kind: 'builtin', params, action: builtin } : undefined;
}

function assignmentOf({ assignment }: Builtin): Assignment {
  if (typeof assignment === 'function') return assignment as Extract<Assignment, () => object>; // as `assign` takes it
  return Object.entries(assignment as object); // as above
}

/** It neither changes the state nor adds an event to the step. */
function isHarmless({ type, delay }: Builtin, machine: AnyStateMachine): boolean {
  if (type === 'xstate.emit' || type === 'xstate.cancel' || type === 'xstate.log') return true;
  if (type !== 'xstate.raise') return false;
  const { delays } = machine.implementations as { readonly delays: Readonly<Record<string, unknown>> };
  return typeof (typeof delay === 'string' ? delays[delay] : delay) === 'number';
}
