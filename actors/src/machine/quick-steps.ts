/**
 * Steps of a machine by plan: several times faster than XState's general algorithm, which computes anew with each event
 * what the machine's definition settles, and with the same result, which quick-steps.test.ts holds against XState over
 * random machines. Whatever has no plan goes to XState. Shared by all actors of a definition.
 */
import {
  type AnyActorRef,
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyTransitionDefinition,
  assign,
  type EventObject,
} from 'xstate';
import { type Assignment, type Builtin, hasPlans, type Plan, type PlannedAction, planOf } from './plan.ts';

/** Combinations of states that plans are kept for; beyond, XState decides. Parallel machines may have very many. */
const mostConfigurations = 1_000;
/** Types of events that plans are kept for in each; wildcards take any. */
const mostRoutes = 1_000;

/** One combination of states. */
interface Configuration {
  readonly nodes: AnyStateNode[];
  readonly value: AnyMachineSnapshot['value'];
  readonly tags: AnyMachineSnapshot['tags'];
  readonly routes: Map<string, Route>;
}

/** What one type of event does there. */
interface Route {
  /** Undefined: it depends on guards. */
  readonly step: Step | undefined;
  readonly byTransition: ReadonlyMap<AnyTransitionDefinition | undefined, Step>;
}

interface Step {
  readonly actions: readonly PlannedAction[];
  readonly nodes: Plan['nodes'];
  to: Configuration | undefined;
}

const noRoute: Route = { step: undefined, byTransition: new Map() };
const idle: Step = { actions: [], nodes: undefined, to: undefined };

export class QuickSteps {
  readonly #machine: AnyStateMachine;
  readonly #isOn: boolean;
  readonly #known = new WeakMap<readonly AnyStateNode[], Configuration>();
  readonly #byIds = new Map<string, Configuration>();

  constructor(machine: AnyStateMachine) {
    this.#machine = machine;
    this.#isOn = hasPlans(machine);
  }

  /** The next snapshot, or undefined where XState must decide; nothing has been done then. */
  take(state: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope): AnyMachineSnapshot | undefined {
    if (!this.#isOn) return undefined;
    const configuration = this.#known.get(state._nodes) ?? this.#configurationOf(state);
    if (!configuration) return undefined;
    let route = configuration.routes.get(event.type);
    if (!route) {
      route = this.#routeOf(state, event);
      if (configuration.routes.size < mostRoutes) configuration.routes.set(event.type, route);
    }
    const step = route.step ?? this.#guarded(route, state, event);
    if (!step) return undefined;
    if (step.nodes && !step.to) step.to = this.#target(step.nodes, state);
    return carryOut(step, state, event, scope);
  }

  /** The value of the state: the same object whenever the machine is in the same states. */
  modeOf(state: AnyMachineSnapshot): unknown {
    return (this.#known.get(state._nodes) ?? this.#configurationOf(state) ?? state).value;
  }

  #configurationOf(state: AnyMachineSnapshot): Configuration | undefined {
    const ids = state._nodes
      .map(({ order }) => order)
      .sort((a, b) => a - b)
      .join();
    let configuration = this.#byIds.get(ids);
    if (!configuration) {
      if (this.#byIds.size >= mostConfigurations) return undefined;
      configuration = { nodes: state._nodes, value: state.value, tags: state.tags, routes: new Map() };
      this.#byIds.set(ids, configuration);
    }
    this.#known.set(state._nodes, configuration);
    return configuration;
  }

  #target(nodes: readonly AnyStateNode[], state: AnyMachineSnapshot): Configuration {
    // XState says what the value and the tags of these states are.
    const made = this.#machine.resolveState({ value: fullValue(nodes), context: state.context } as never);
    return this.#configurationOf(made) ?? { nodes: made._nodes, value: made.value, tags: made.tags, routes: new Map() };
  }

  #routeOf(state: AnyMachineSnapshot, event: EventObject): Route {
    // Some of XState's own mean more than a transition, and `*` is an error.
    if (event.type.startsWith('xstate.') || event.type === '*') return noRoute;
    const { _nodes: nodes } = state;
    const candidates = nodes.flatMap((node) => matching(node, event.type));
    const isGuarded = candidates.some(({ guard }) => guard !== undefined);
    if (!isGuarded) {
      const [chosen, another] = this.#machine.getTransitionData(state, event);
      if (another) return noRoute;
      const plan = chosen ? planOf(chosen, nodes, this.#machine) : idle;
      return plan ? { step: { ...plan, to: undefined }, byTransition: new Map() } : noRoute;
    }
    // In regions several may be chosen at once.
    if (nodes.some(({ type }) => type === 'parallel')) return noRoute;
    const byTransition = new Map<AnyTransitionDefinition | undefined, Step>([[undefined, idle]]);
    for (const candidate of candidates) {
      const plan = planOf(candidate, nodes, this.#machine);
      if (!plan) return noRoute; // guards are asked once per event: it must be clear before who asks
      byTransition.set(candidate, { ...plan, to: undefined });
    }
    return { step: undefined, byTransition };
  }

  #guarded(route: Route, state: AnyMachineSnapshot, event: EventObject): Step | undefined {
    if (route === noRoute) return undefined;
    return route.byTransition.get(this.#machine.getTransitionData(state, event)[0]);
  }
}

/** The transitions of a state for this type of event, as XState matches them. */
function matching(node: AnyStateNode, type: string): AnyTransitionDefinition[] {
  const found: AnyTransitionDefinition[] = [];
  for (const [descriptor, transitions] of node.transitions) {
    const isMeant = descriptor === type || descriptor === '*' || descriptor.endsWith('.*');
    if (isMeant) found.push(...transitions);
  }
  return found;
}

/** The value of a full set of states, as XState writes it. */
function fullValue(nodes: readonly AnyStateNode[]): object {
  const value: Record<string, object> = {};
  const places = new Map<AnyStateNode, Record<string, object>>();
  for (const node of [...nodes].sort((a, b) => a.order - b.order)) {
    const own: Record<string, object> = node.parent ? {} : value;
    places.set(node, own);
    const around = node.parent && places.get(node.parent);
    if (around) around[node.key] = own;
  }
  return value;
}

function carryOut(step: Step, state: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope): AnyMachineSnapshot {
  const { self, system } = scope;
  let { context, children } = state;
  for (const planned of step.actions) {
    const params = typeof planned.params === 'function' ? planned.params({ context, event }) : planned.params;
    if (planned.kind === 'custom') {
      planned.run?.({ context, event, self, system }, params);
    } else if (planned.kind === 'builtin') {
      const { action } = planned;
      const resolved = action.resolve(scope, state, { context, event, self, system }, params, action, {});
      action.execute(scope, resolved[1]);
    } else {
      const before = context;
      const spawn = (src: never, options: never) => {
        const child = spawnerOf(scope, { ...state, context: before } as AnyMachineSnapshot, event)(src, options);
        children = { ...children, [child.id]: child };
        return child;
      };
      context = assigned(planned.assignment, { context, event, spawn, self, system }, params);
    }
  }
  if (context === state.context && step.to === undefined) return state;
  const { nodes, value, tags } = step.to ?? { nodes: state._nodes, value: state.value, tags: state.tags };
  const { status, output, error, machine, historyValue, matches, hasTag, can, getMeta, toJSON } = state;
  return {
    ...{ status, output, error, machine, context, _nodes: nodes, value, tags, children, historyValue },
    ...{ matches, hasTag, can, getMeta, toJSON },
  } as AnyMachineSnapshot; // the same fields as it had
}

function assigned<Args extends { readonly context: object }>(
  assignment: Assignment,
  args: Args,
  params: unknown,
): object {
  if (typeof assignment === 'function') return { ...args.context, ...assignment(args, params) };
  const update: Record<string, unknown> = {};
  for (const [key, value] of assignment) update[key] = typeof value === 'function' ? value(args, params) : value;
  return { ...args.context, ...update };
}

/** XState's own `spawn` for an assignment, which it gives to assignments only. */
function spawnerOf(
  scope: AnyActorScope,
  state: AnyMachineSnapshot,
  event: EventObject,
): (src: never, options: never) => AnyActorRef {
  let spawner: ((src: never, options: never) => AnyActorRef) | undefined;
  const probe = assign(({ spawn }) => {
    spawner = spawn as typeof spawner;
    return {};
  }) as unknown as Builtin; // it has more than its type says
  probe.resolve(scope, state, { event }, undefined, probe, {});
  return spawner as NonNullable<typeof spawner>; // set by the call above
}
