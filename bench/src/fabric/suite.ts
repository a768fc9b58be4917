/** The suite `fabric`: messages between processes and durable turns, beside what they cannot do without. */
import type { Place } from '../harness/entrants.ts';
import type { RowSpec, Suite } from '../harness/session.ts';
import { SharedServer } from './shared-server.ts';
import { TurnsBench } from './turns.ts';

const here = (file: string) => new URL(file, import.meta.url).href;
const files = { ours: here('ours.ts'), raw: here('raw.ts'), moleculer: here('moleculer.ts') } as const;

export interface FabricSizes {
  readonly asks: number;
  readonly tells: number;
  readonly turns: number;
}

const fullSizes: FabricSizes = { asks: 2_000, tells: 200_000, turns: 300 };

export function fabricSuite(place: Place, sizes: FabricSizes = fullSizes): Suite {
  const server = new SharedServer();
  return {
    name: 'fabric',
    about: `Two processes on one machine and one nats-server, which syncs to disk: three processes share its processors.
Moleculer without logger and metrics, over the same server.`,
    rows: [...messages(place, server, sizes), ...turns(server, sizes)],
    versions: () => ({}),
  };
}

function messages({ lasting }: Place, server: SharedServer, { asks, tells }: FabricSizes): RowSpec[] {
  const entrant = (module: keyof typeof files, workload: string, size: number) =>
    server.for(lasting(files[module], workload, size));
  return [
    {
      name: 'ask between two processes, one at a time, p50',
      unit: 'ms',
      better: 'lower',
      about: 'Each ask is awaited before the next. Raw: `request` of nats.js with the same payload as JSON.',
      goal: { 'raw request': 1.05 },
      ours: entrant('ours', 'one', asks),
      peers: { 'raw request': entrant('raw', 'one', asks), moleculer: entrant('moleculer', 'one', asks) },
    },
    {
      name: 'ask between two processes, 256 in flight',
      unit: 'asks/s',
      better: 'higher',
      about: 'As soon as one of 256 is answered another one is asked.',
      goal: { moleculer: 3 },
      ours: entrant('ours', 'many', asks * 50),
      peers: { moleculer: entrant('moleculer', 'many', asks * 50), 'raw request': entrant('raw', 'many', asks * 50) },
    },
    {
      name: 'tell between two processes',
      unit: 'messages/s',
      better: 'higher',
      about: 'Blocks of 5,000, each followed by an ask that is answered when all of them were handled.',
      goal: { 'raw publish': 1 },
      ours: entrant('ours', 'tell', tells),
      peers: { 'raw publish': entrant('raw', 'tell', tells) },
    },
  ];
}

function turns(server: SharedServer, { turns: size }: FabricSizes): RowSpec[] {
  const bench = new TurnsBench(server);
  return [
    {
      name: 'durable turn, one at a time, p50',
      unit: 'ms',
      better: 'lower',
      about: `A turn of a counter with a state of 170 bytes, from the ask to its reply, beside one append of as many bytes
with an expected sequence to the same server.`,
      goal: { 'raw append': 1.2 },
      ours: { size, open: () => bench.turn() },
      peers: { 'raw append': { size, open: () => bench.append() } },
    },
    {
      name: 'durable turns, one hot entity, 256 asks in flight',
      unit: 'turns/s',
      better: 'higher',
      about:
        'Asks that come while a turn is written share the next one. Raw: 256 appends in flight, each to its own subject.',
      goal: { 'raw appends': 5 },
      ours: { size: size * 40, open: () => bench.hot() },
      peers: { 'raw appends': { size: size * 10, open: () => bench.appends() } },
    },
    {
      name: 'durable turns over 1,000 entities, 256 in flight',
      unit: 'turns/s',
      better: 'higher',
      about: 'The asks go to the entities in turn. Raw as above.',
      goal: { 'raw appends': 0.9 },
      ours: { size: size * 10, open: () => bench.many() },
      peers: { 'raw appends': { size: size * 10, open: () => bench.appends() } },
    },
  ];
}
