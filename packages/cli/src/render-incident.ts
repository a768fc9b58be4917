import type { Incident } from 'jaegis';
import colors from 'picocolors';
import { clockTime, span } from './words.ts';

type Detail = Incident['detail'];

/** What happened, in words, by the type of the incident; of another one its data. */
const words: Readonly<Record<string, (subject: string, detail: Detail) => string>> = {
  actor_crashed: (subject, { error }) => `${subject} crashed: ${error}`,
  actor_restarted: (subject, { error }) => `${subject} was restarted after: ${error}`,
  deadlock_resolved: (_, { error }) => String(error),
  entity_stopped: (subject, { reason }) => `${subject} stopped: ${reason}`,
  node_down: (subject, { silentMs, noResponders }) =>
    `node ${subject} is down: ${noResponders ? 'nobody listens at its address' : silent(silentMs)}`,
  node_joined: (subject) => `node ${subject} joined`,
  node_removed: (subject) => `node ${subject} was taken out of the view while it lived, and joined again`,
  node_slow: (subject, { bytes, delayMs }) => `node ${subject} reads ${delayMs} ms late; ${bytes} bytes wait for it`,
  node_suspected: (subject, { silentMs }) => `node ${subject} is suspected, ${silent(silentMs)}`,
  node_stalled: (subject, { loopMs, actor, at }) => {
    const where = actor === undefined ? '' : `, in ${actor}${at === undefined ? '' : ` at ${at}`}`;
    return `the event loop of node ${subject} stands still, for ${inWords(loopMs)}${where}`;
  },
  leader_elected: (subject, { leader }) => `node ${leader} leads, term ${subject}`,
  policy: policyWords,
  status_changed: (subject, { from, to, reason, voters }) =>
    `node ${subject} is ${to}, was ${from}: ${reason}${Array.isArray(voters) && voters.length > 0 ? `; agreed by ${voters.join(', ')}` : ''}`,
  supervisor_gave_up: (_, { error }) => String(error),
  turns_quarantined: (subject, { turn }) => `${subject} lost turns that cannot be read; it goes on from turn ${turn}`,
  view_changed: (subject, { members }) => `view ${subject}: ${Array.isArray(members) ? members.join(', ') : members}`,
};

function policyWords(subject: string, { part, change, set, breaker, refused, reason, retryAfterMs }: Detail): string {
  if (change === 'refusing') return `policy ${subject}: its ${part} refuses calls, ${refused} since it said so last`;
  if (change === 'tuned') return `policy ${subject}: its ${part} was tuned: ${JSON.stringify(set)}`;
  const named = breaker === undefined || breaker === subject ? '' : ` ${breaker}`;
  const why = typeof reason === 'object' && reason !== null && 'kind' in reason ? reason.kind : reason;
  const wait = change === 'opened' ? `, for ${inWords(retryAfterMs)}` : '';
  return `policy ${subject}: its breaker${named} is ${changed[String(change)] ?? change}: ${why}${wait}`;
}

const changed: Readonly<Record<string, string>> = { opened: 'open', half_opened: 'half-open' };

function silent(ms: unknown): string {
  return `silent for ${inWords(ms)}`;
}

function inWords(ms: unknown): string {
  return typeof ms === 'number' ? span(ms) : String(ms);
}

const good: ReadonlySet<string> = new Set(['node_joined', 'view_changed', 'leader_elected']);
const bad: ReadonlySet<string> = new Set(['node_down', 'supervisor_gave_up', 'turns_quarantined', 'entity_stopped']);

export function renderIncident({ type, subject, by, lastMs, count, detail }: Incident, nowMs: number): string {
  const what = words[type]?.(subject, detail) ?? `${type} ${JSON.stringify(detail)}`;
  const colour = good.has(type) ? colors.green : bad.has(type) ? colors.red : colors.yellow;
  const times = count > 1 ? ` ×${count}` : '';
  return `${colors.dim(clockTime(lastMs, nowMs))}  ${colour(what)}${times}  ${colors.dim(`says ${by.join(', ')}`)}`;
}
