/** What nodes write and what happens in their cluster, as lines that a person reads. */
import type { ClusterEvent } from 'jaegis';
import colors from 'picocolors';

const levels: Readonly<Record<string, (text: string) => string>> = {
  debug: colors.dim,
  info: colors.dim,
  warn: colors.yellow,
  error: colors.red,
};

/** A line of a node's log; what is none of its JSON is shown as it is. */
export function renderLogLine(line: string): string {
  const record = recordIn(line);
  if (record === undefined) return line;
  const { level, time: _time, pid: _pid, node: _node, cluster: _cluster, msg, error, ...fields } = record;
  const paint = levels[String(level)] ?? String;
  const rest = fieldsAsText(fields);
  return `${paint(`${level}`)} ${msg}${rest}${error === undefined ? '' : `: ${errorAsText(error)}`}`;
}

function recordIn(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    // An object of JSON, whose fields are looked at before they are used.
    if (typeof value === 'object' && value !== null && 'level' in value && 'msg' in value) return { ...value };
  } catch {
    // Whatever it is, an app wrote it.
  }
  return undefined;
}

/** By the first place of a stack that is the app's own, where there is one. */
function errorAsText(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  const frames = 'stack' in error && typeof error.stack === 'string' ? error.stack.split('\n    at ').slice(1) : [];
  const place = frames.find(
    (frame) => frame.includes('file://') && !/node_modules|\/packages\/|\/actors\/src/.test(frame),
  );
  return place === undefined ? String(error.message) : `${error.message} ${colors.dim(`at ${place.trim()}`)}`;
}

/** Those that each node tells are said by the cluster's view once. */
const saidOtherwise = ['view_changed', 'node_joined'];

/** Undefined: nothing to show. */
export function renderEvent({ type, node: _node, timeMs: _timeMs, ...fields }: ClusterEvent): string | undefined {
  if (saidOtherwise.includes(type)) return undefined;
  const paint = /down|removed|crash|failed|deadlock|quarantine|slow/.test(type) ? colors.yellow : colors.cyan;
  return `${paint(type)}${fieldsAsText(fields)}`;
}

function fieldsAsText(fields: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(fields).map(([name, value]) => {
    return ` ${colors.dim(`${name}=`)}${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
  });
  return texts.join('');
}

/** What several nodes say of the same thing within a moment is shown once. */
export class Echoes {
  readonly #heard = new Map<string, number>();

  isEcho(text: string, nowMs: number): boolean {
    for (const [known, at] of this.#heard) if (nowMs - at > 1_000) this.#heard.delete(known);
    if (this.#heard.has(text)) return true;
    this.#heard.set(text, nowMs);
    return false;
  }
}
