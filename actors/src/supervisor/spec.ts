/**
 * What supervisors and their children are declared with, and its check: whatever `checkSupervisorSpec` and
 * `checkChildSpec` return is complete and within the rules of OTP's supervisor, so nobody behind them asks again.
 */
import {
  type AutoShutdown,
  autoShutdowns,
  type ChildPlace,
  isToken,
  limits,
  type RestartBackoff,
  type RestartLimit,
  type RestartType,
  restartTypes,
  type Shutdown,
  type Strategy,
  strategies,
  tokenRule,
} from '@jaegis/core';
import type { DoorOption } from '../door/door-policy.ts';
import type { Ignore } from '../run/contract.ts';
import { refuseCycle } from './spec-cycle.ts';
import { inside, type Place, refusal, show } from './spec-error.ts';
import {
  backoff,
  boolean,
  childPlace,
  count,
  doorOption,
  type Fields,
  type FullRestartBackoff,
  fields,
  noOthers,
  oneOf,
  shutdown,
  wholeNumber,
} from './spec-fields.ts';

/** What can be started: a definition of actors or of supervisors. */
export interface Startable {
  readonly kind: 'actor' | 'supervisor';
  readonly type: string;
}

/** Called at each start with the child's `args`. `never` lets it say the types of its own. */
export type StartFunction = (...args: never[]) => Startable | Ignore | Promise<Startable | Ignore>;

export type ChildKind = 'worker' | 'supervisor';

const childKinds: readonly ChildKind[] = ['worker', 'supervisor'];

export interface ChildSpec {
  /** Unique among its siblings. 1 to 63 letters, digits, `-`, `_`. */
  readonly id: string;
  readonly start: Startable | StartFunction;
  /** For a start function. Default none. Under `simple_one_for_one`, those of `startChild` follow them. */
  readonly args?: readonly unknown[];
  /** Given to the definition's `state` function, or to the supervisor's. */
  readonly input?: unknown;
  /** Default `permanent`. */
  readonly restart?: RestartType;
  /** How long it may take to stop. Default 5,000 ms for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown;
  /** Whether its end may end the supervisor, see `autoShutdown`. Default false. Not with `permanent`. */
  readonly significant?: boolean;
  /** Default: what `start` defines; `worker` for a function. */
  readonly kind?: ChildKind;
  /** A name of the node to register it under, before it takes its first message. */
  readonly register?: string;
  /** Waits between its restarts. Default: those of its supervisor. */
  readonly backoff?: RestartBackoff;
  /** How long its start may take, in ms. Default 10,000. */
  readonly startTimeoutMs?: number;
  /** On which nodes of the cluster it may run; `{}`: on any. Default: on that of its supervisor. */
  readonly on?: ChildPlace;
  /**
   * Stands at its door, instead of that of its type: options, of which its supervisor makes a policy of this child's own,
   * named after its address; or a policy that is ready. Its state outlives restarts of the child, and ends with the
   * supervisor, or when the child is deleted. Only of actors, and not with `on`. Default: that of its type.
   */
  readonly policy?: DoorOption;
}

export interface SupervisorSpec {
  /** Default `one_for_one`. */
  readonly strategy?: Strategy;
  /** Restarts allowed within `periodMs`. Default 1. `Infinity`: any number. */
  readonly intensity?: number;
  /** Default 5,000 ms. `Infinity`: the supervisor's whole life. */
  readonly periodMs?: number;
  /** Default `never`. */
  readonly autoShutdown?: AutoShutdown;
  /** Waits between restarts, of the children that have none of their own. Default: none. */
  readonly backoff?: RestartBackoff;
  /** In the order of their start. Under `simple_one_for_one` exactly one, of which all children are instances. */
  readonly children: readonly ChildSpec[];
}

const supervisorNames = {
  strategy: true,
  intensity: true,
  periodMs: true,
  autoShutdown: true,
  backoff: true,
  children: true,
} as const;

const childNames = {
  id: true,
  start: true,
  args: true,
  input: true,
  restart: true,
  shutdown: true,
  significant: true,
  kind: true,
  register: true,
  backoff: true,
  startTimeoutMs: true,
  on: true,
  policy: true,
} as const;

export interface FullChildSpec {
  readonly id: string;
  readonly start: Startable | StartFunction;
  readonly args: readonly unknown[];
  readonly input: unknown;
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
  readonly significant: boolean;
  readonly kind: ChildKind;
  readonly register: string | undefined;
  readonly backoff: FullRestartBackoff | undefined;
  readonly startTimeoutMs: number;
  readonly on: ChildPlace | undefined;
  readonly policy: DoorOption | undefined;
}

/** What of a supervisor bears on the specs of its children, and on their restarts. */
export interface SupervisorFlags extends RestartLimit {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
  readonly backoff: FullRestartBackoff | undefined;
}

export interface FullSupervisorSpec extends SupervisorFlags {
  readonly children: readonly FullChildSpec[];
  /** What is allowed and yet likely a mistake, as sentences for the log. */
  readonly warnings: readonly string[];
}

/**
 * @param where Begins the message: whose spec it is, as in `Supervisor "shop"`.
 * @param spec From anywhere: a `SupervisorSpec`, or what should be one.
 * @throws InvalidDefinitionError with `data` `{ path, rule, value }`.
 */
export function checkSupervisorSpec(where: string, spec: unknown): FullSupervisorSpec {
  const root = { where, path: '' };
  const given = fields<SupervisorSpec>(root, 'invalid_supervisor_spec', spec);
  noOthers(root, given, supervisorNames);
  const flags = checkFlags(root, given);
  const children = templates(inside(root, 'children'), given.children, flags.strategy).map((child, index) =>
    checkChild(inside(root, `children[${index}]`), child, flags),
  );
  refuseDuplicates(where, children);
  return { ...flags, children, warnings: children.flatMap((child) => childWarnings(where, child)) };
}

/**
 * @param where Begins the message, as in `startChild of "shop"`.
 * @throws InvalidDefinitionError with `data` `{ path, rule, value }`.
 */
export function checkChildSpec(where: string, spec: unknown, flags: SupervisorFlags): FullChildSpec {
  return checkChild({ where, path: '' }, spec, flags);
}

/** What is allowed and yet likely a mistake, as sentences for the log. */
export function childWarnings(where: string, child: FullChildSpec): string[] {
  if (child.kind !== 'supervisor' || child.shutdown === 'infinity') return [];
  return [
    `${where}: child "${child.id}" is a supervisor with shutdown ${show(child.shutdown)}. ` +
      'If it is killed while it stops, its own children do not stop in order; use "infinity".',
  ];
}

function checkFlags(root: Place, given: Fields<SupervisorSpec>): SupervisorFlags {
  const { strategy = 'one_for_one', autoShutdown = 'never' } = given;
  const { intensity = limits.supervisorIntensity, periodMs = limits.restartPeriodMs } = given;
  const flags: SupervisorFlags = {
    strategy: oneOf(inside(root, 'strategy'), 'invalid_strategy', strategy, strategies),
    intensity: count(inside(root, 'intensity'), 'invalid_intensity', intensity, 0),
    periodMs: count(inside(root, 'periodMs'), 'invalid_period', periodMs, 1),
    autoShutdown: oneOf(inside(root, 'autoShutdown'), 'invalid_auto_shutdown', autoShutdown, autoShutdowns),
    backoff: backoff(inside(root, 'backoff'), given.backoff),
  };
  if (flags.strategy === 'simple_one_for_one' && flags.autoShutdown !== 'never') {
    const allowed = 'with simple_one_for_one it can only be never';
    throw refusal(inside(root, 'autoShutdown'), 'bad_combination', autoShutdown, allowed);
  }
  return flags;
}

function templates(place: Place, children: unknown, strategy: Strategy): readonly unknown[] {
  if (!Array.isArray(children)) {
    throw refusal(place, 'bad_start_spec', children, 'it must be a list of child specs');
  }
  if (strategy === 'simple_one_for_one' && children.length !== 1) {
    const allowed = 'with simple_one_for_one it must be a list of one child spec, the template';
    throw refusal(place, 'bad_start_spec', children, allowed);
  }
  return children;
}

function checkChild(place: Place, spec: unknown, flags: SupervisorFlags): FullChildSpec {
  const given = fields<ChildSpec>(place, 'invalid_child_spec', spec);
  const start = checkStart(inside(place, 'start'), given.start);
  noOthers(place, given, childNames);
  const { restart = 'permanent', significant = false, args = [], startTimeoutMs = limits.startTimeoutMs } = given;
  const { kind = typeof start === 'object' && start.kind === 'supervisor' ? 'supervisor' : 'worker' } = given;
  const { shutdown: waits = kind === 'supervisor' ? 'infinity' : limits.shutdownMs } = given;
  const checked: FullChildSpec = {
    id: token(inside(place, 'id'), 'invalid_id', given.id),
    start,
    args: checkArgs(inside(place, 'args'), args),
    input: given.input,
    restart: oneOf(inside(place, 'restart'), 'invalid_restart_type', restart, restartTypes),
    shutdown: shutdown(inside(place, 'shutdown'), waits),
    significant: boolean(inside(place, 'significant'), 'invalid_significant', significant),
    kind: oneOf(inside(place, 'kind'), 'invalid_child_type', kind, childKinds),
    register:
      given.register === undefined ? undefined : token(inside(place, 'register'), 'invalid_register', given.register),
    backoff: backoff(inside(place, 'backoff'), given.backoff) ?? flags.backoff,
    startTimeoutMs: wholeNumber(inside(place, 'startTimeoutMs'), 'invalid_start_timeout', startTimeoutMs, 1),
    on: childPlace(inside(place, 'on'), given.on),
    policy: doorOption(inside(place, 'policy'), given.policy),
  };
  if (checked.significant) refuseInsignificance(inside(place, 'significant'), checked.restart, flags.autoShutdown);
  if (checked.policy !== undefined) refuseUnguardable(inside(place, 'policy'), checked);
  return checked;
}

/** A child is significant only where its end may end the supervisor. */
function refuseInsignificance(place: Place, restart: RestartType, autoShutdown: AutoShutdown): void {
  const because =
    autoShutdown === 'never' ? 'autoShutdown is never' : restart === 'permanent' && 'restart is permanent';
  if (because) throw refusal(place, 'bad_combination', true, `it must be false where ${because}`);
}

/** Where nobody could be asked, or not here. */
function refuseUnguardable(place: Place, { kind, on, policy }: FullChildSpec): void {
  const because = kind === 'supervisor' ? 'the child is a supervisor' : on !== undefined && 'on is given';
  const instead = on === undefined ? '' : '; give its type one';
  if (because) throw refusal(place, 'bad_combination', policy, `there can be none where ${because}${instead}`);
}

function checkStart(place: Place, start: unknown): Startable | StartFunction {
  if (typeof start === 'function') return start as StartFunction; // what it takes and returns shows when it is called
  if (!isStartable(start)) {
    throw refusal(place, 'invalid_start', start, 'it must be a definition of actors or supervisors, or a function');
  }
  refuseCycle(place, start);
  return start;
}

/** Whether it is a definition; for what a start function returned too. */
export function isStartable(value: unknown): value is Startable {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('type' in value)) return false;
  return (value.kind === 'actor' || value.kind === 'supervisor') && typeof value.type === 'string';
}

function checkArgs(place: Place, args: unknown): readonly unknown[] {
  if (!Array.isArray(args)) throw refusal(place, 'invalid_args', args, 'it must be a list');
  return args;
}

function token(place: Place, rule: 'invalid_id' | 'invalid_register', value: unknown): string {
  // "undefined" is what a missing name turns into by mistake.
  if (typeof value === 'string' && isToken(value) && value !== 'undefined') return value;
  throw refusal(place, rule, value, tokenRule);
}

function refuseDuplicates(where: string, children: readonly FullChildSpec[]): void {
  const seen = new Map<string, number>();
  for (const [index, { id }] of children.entries()) {
    const first = seen.get(id);
    if (first !== undefined) {
      const allowed = `children[${first}] has this id already`;
      throw refusal({ where, path: `children[${index}].id` }, 'duplicate_id', id, allowed);
    }
    seen.set(id, index);
  }
}
