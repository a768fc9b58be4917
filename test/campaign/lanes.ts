/** A run as a picture: a lane for each node, faults as bars, views as marks with their epoch, and what went wrong as a line. */
import type { ChronicleEvent } from './chronicle.ts';
import { describeFault, type Fault, seconds } from './plan.ts';
import type { Outcome } from './run.ts';

const LEFT = 60;
const TOP = 60;
const LANE = 44;
const WIDTH = 1_200;
const TICKS = 10;

export function lanes({ plan, violation, chronicle }: Outcome): string {
  const nodes = [...plan.members, ...plan.clients];
  const endMs = Math.max(1, violation?.atMs ?? 0, ...chronicle.events.map(({ atMs }) => atMs));
  const x = (atMs: number) => LEFT + (Math.max(0, atMs) / endMs) * WIDTH;
  const y = (node: string) => TOP + nodes.indexOf(node) * LANE;
  const height = TOP + nodes.length * LANE + 40;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 20}" height="${height}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="white"/>',
    text(LEFT, 20, `seed ${plan.seed}${violation === undefined ? '' : `: ${violation.invariant}`}`, 14),
    ...(violation === undefined ? [] : [text(LEFT, 38, violation.what.slice(0, 180), 11)]),
    ...Array.from({ length: TICKS + 1 }, (_, tick) =>
      text(x((tick * endMs) / TICKS), height - 10, seconds((tick * endMs) / TICKS)),
    ),
    ...nodes.map((node) => lane(node, y(node), x(endMs))),
    ...plan.faults.flatMap((fault) => placesOf(fault, nodes).map((node) => bar(fault, x, y(node), endMs))),
    ...chronicle.events.flatMap((event) => event.nodes.map((node) => mark(event, x(event.atMs), y(node)))),
    ...(violation === undefined
      ? []
      : [
          `<line x1="${x(violation.atMs)}" x2="${x(violation.atMs)}" y1="${TOP - 10}" y2="${height - 30}" stroke="red" stroke-width="2"/>`,
        ]),
    '</svg>',
    '',
  ].join('\n');
}

/** Where a fault is drawn. */
export function placesOf(fault: Fault, nodes: readonly string[]): readonly string[] {
  if ('node' in fault) return [fault.node];
  if ('nodes' in fault) return fault.nodes;
  if (fault.kind === 'cut') return [...new Set([...fault.from, ...fault.to])];
  return nodes;
}

function lane(node: string, y: number, right: number): string {
  return `${text(8, y + 16, node, 12)}<line x1="${LEFT}" x2="${right}" y1="${y + 12}" y2="${y + 12}" stroke="#bbb"/>`;
}

function bar(fault: Fault, x: (atMs: number) => number, y: number, endMs: number): string {
  const left = x(Math.min(fault.atMs, endMs));
  const width = Math.max(2, x(Math.min(fault.atMs + fault.forMs, endMs)) - left);
  const colour = colours[fault.kind] ?? '#888';
  return `<rect x="${left}" y="${y + 2}" width="${width}" height="20" fill="${colour}" fill-opacity="0.35"><title>${escaped(describeFault(fault))}</title></rect>${text(left + 2, y + 34, fault.kind, 9)}`;
}

function mark({ kind, text: what }: ChronicleEvent, x: number, y: number): string {
  if (kind === 'view') {
    const epoch = /^epoch (\d+)/.exec(what)?.[1] ?? '';
    return `<circle cx="${x}" cy="${y + 12}" r="3" fill="#36c"><title>${escaped(what)}</title></circle>${text(x - 3, y - 1, epoch, 8)}`;
  }
  if (kind === 'node')
    return `<rect x="${x - 2}" y="${y + 5}" width="4" height="14" fill="black"><title>${escaped(what)}</title></rect>`;
  return kind === 'asks'
    ? `<circle cx="${x}" cy="${y + 12}" r="2" fill="orange"><title>${escaped(what)}</title></circle>`
    : '';
}

function text(x: number, y: number, what: string, size = 10): string {
  return `<text x="${x}" y="${y}" font-size="${size}">${escaped(what)}</text>`;
}

function escaped(what: string): string {
  return what.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const colours: Partial<Record<Fault['kind'], string>> = {
  crash: 'black',
  blackout: 'black',
  restart: '#555',
  hang: 'purple',
  stall: 'violet',
  partition: 'red',
  cut: 'tomato',
  loss: 'orange',
  slow: 'gold',
  election: 'blue',
};
