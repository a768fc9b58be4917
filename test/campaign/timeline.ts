/** A run as a person reads it: its faults, then what happened when and where, up to what went wrong. */
import type { ChronicleEvent } from './chronicle.ts';
import { describeFault, seconds } from './plan.ts';
import type { Outcome } from './run.ts';

export function timeline({ plan, violation, chronicle, operations }: Outcome): string {
  const lines = together(chronicle.events).map(({ atMs, kind, nodes, text }) => {
    return `${seconds(atMs).padStart(10)}  ${marks[kind]} ${nodes.join(' ').padEnd(NODES_WIDTH)}  ${text}`;
  });
  return [
    `seed ${plan.seed}: ${plan.members.length} nodes, ${plan.clients.length} clients, ${operations} operations`,
    violation === undefined ? 'no violation' : `violation at ${seconds(violation.atMs)}: ${violation.invariant}`,
    ...(violation === undefined ? [] : [`  ${violation.what}`]),
    '',
    `faults (${plan.faults.length})`,
    ...plan.faults.map((fault) => `  ${describeFault(fault)}`),
    '',
    'events',
    ...lines,
    '',
  ].join('\n');
}

/** The same on several nodes in short order is one line. */
function together(events: readonly ChronicleEvent[]): ChronicleEvent[] {
  const lines: ChronicleEvent[] = [];
  const open = new Map<string, number>();
  for (const event of events) {
    const key = `${event.kind} ${event.text}`;
    const place = open.get(key);
    const first = place === undefined ? undefined : lines[place];
    if (place !== undefined && first !== undefined && event.atMs - first.atMs < TOGETHER_MS) {
      lines[place] = { ...first, nodes: [...new Set([...first.nodes, ...event.nodes])] };
    } else open.set(key, lines.push(event) - 1);
  }
  return lines;
}

const TOGETHER_MS = 100;
const NODES_WIDTH = 24;
const marks = {
  'fault begins': '[',
  'fault ends': ']',
  node: '*',
  view: 'v',
  log: '=',
  asks: '?',
  violation: '!',
} as const;
