import type { ActiveActor, ActorAnswer, PassiveEntity } from 'jaegis';
import colors from 'picocolors';
import { clockTime, missingNodes, span } from './words.ts';

/** One actor, a fact or a message a line. */
export function renderActor(answer: ActorAnswer, nowMs: number): string[] {
  return 'turn' in answer ? passive(answer, nowMs) : active(answer, nowMs);
}

function passive(
  { address, type, node, turn, writtenMs, writtenBy, deadLetters, state, missing = [] }: PassiveEntity,
  nowMs: number,
) {
  return [
    `${colors.bold(address)}  ${type}  ${colors.yellow(missing.length > 0 ? 'as last written' : 'passive')}`,
    row('home', missing.length > 0 ? node || 'no node' : `${node || 'no node'}, which wakes it at its next message`),
    row('turn', `${turn}, written by ${writtenBy} at ${clockTime(writtenMs, nowMs)}`),
    ...(deadLetters > 0 ? [row('letters', colors.yellow(`${deadLetters} given up; see jaegis letters`))] : []),
    ...shownState(state),
    ...missingNodes(missing),
  ];
}

function active(actor: ActiveActor, nowMs: number): string[] {
  const { address, kind, type, node, status, incarnation, restarts, failures = 0, lastError } = actor;
  const colour = status === 'running' ? colors.green : colors.yellow;
  const crashes = failures > 0 ? `, ${failures} failures` : '';
  return [
    `${colors.bold(address ?? actor.id)}  ${type}  ${colour(status)} on ${node}`,
    row('life', `${incarnation ?? 1}${restarts > 0 ? `, restarted ${restarts}×` : ''}${crashes}`),
    ...(kind === 'supervisor' ? [] : counters(actor)),
    ...now(actor),
    ...door(actor),
    ...bonds(actor),
    ...(actor.mode === undefined ? [] : [row('mode', text(actor.mode))]),
    ...shownState(actor.state),
    ...messages('waiting', actor.waiting ?? []),
    ...messages('handled', actor.history ?? []),
    ...(actor.lastCrash ? crash(actor.lastCrash, nowMs) : []),
    ...(lastError && !actor.lastCrash ? [row('error', colors.red(`${lastError.name}: ${lastError.message}`))] : []),
  ];
}

function counters({
  mailbox,
  highWater = 0,
  handled,
  busyMs = 0,
  deadLetters = 0,
  quarantined = 0,
}: ActiveActor): string[] {
  const lines = [row('mailbox', `${mailbox} waiting, ${highWater} at most; ${handled} handled in ${span(busyMs)}`)];
  if (deadLetters + quarantined === 0) return lines;
  return [
    ...lines,
    row('letters', colors.yellow(`${deadLetters} given up, ${quarantined} turns lost; see jaegis letters`)),
  ];
}

function now({ handling, waitsFor = [] }: ActiveActor): string[] {
  return [
    ...(handling ? [row('now', `handles ${message(handling)}`)] : []),
    ...waitsFor.map(({ to, type }) => row('', `waits for ${to} to answer ${type}`)),
  ];
}

function door({ policy }: ActiveActor): string[] {
  if (policy === undefined) return [];
  const { name, breaker, underWay, refused } = policy;
  const state = breaker === undefined ? [] : [`breaker ${breaker}`];
  return [row('policy', [name, ...state, `${underWay} under way`, `${refused} refused`].join(', '))];
}

function bonds(actor: ActiveActor): string[] {
  const lists = {
    children: actor.children,
    links: actor.links,
    'watched by': actor.watchers,
    watches: actor.watching,
    names: actor.names,
    groups: actor.groups,
  };
  const lines = Object.entries(lists).flatMap(([name, list = []]) =>
    list.length > 0 ? [row(name, list.join(', '))] : [],
  );
  return actor.timers > 0 ? [...lines, row('timers', String(actor.timers))] : lines;
}

function crash(
  { at, incarnation, error, handling, asker, history }: NonNullable<ActiveActor['lastCrash']>,
  nowMs: number,
) {
  const code = 'code' in error && error.code !== undefined ? ` (${error.code})` : '';
  return [
    row('crash', colors.red(`${error.name}: ${error.message}${code}`)),
    row('', `at ${clockTime(at, nowMs)}, ended life ${incarnation}`),
    ...(handling ? [row('', `on ${message(handling)}${asker === undefined ? '' : `, asked by ${asker}`}`)] : []),
    ...history.map((entry) => row('', `after ${message(entry)}`)),
  ];
}

function messages(name: string, list: readonly Shown[]): string[] {
  return list.map((each, index) => row(index === 0 ? name : '', message(each)));
}

interface Shown {
  readonly type: string;
  readonly message?: unknown;
  readonly mode?: unknown;
}

function message({ type, message: given, mode }: Shown): string {
  const fields = fieldsOf(given);
  return `${type}${fields}${mode === undefined ? '' : ` → ${text(mode)}`}`;
}

/** Without the type, which is said before. */
function fieldsOf(given: unknown): string {
  if (given === undefined) return '';
  if (typeof given !== 'object' || given === null) return ` ${colors.dim(text(given))}`;
  const { type: _, ...fields } = given as { readonly type?: unknown }; // any object may have one
  return Object.keys(fields).length === 0 ? '' : ` ${colors.dim(JSON.stringify(fields))}`;
}

function shownState(state: unknown): string[] {
  if (state === undefined) return [];
  const [first = '', ...more] = JSON.stringify(state, null, 2).split('\n');
  return [row('state', first), ...more.map((each) => row('', each))];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function row(name: string, fact: string): string {
  return `  ${colors.dim(name.padEnd(10))} ${fact}`;
}
