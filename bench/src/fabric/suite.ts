/** The suite `fabric`: messages between processes and durable turns, beside what they cannot do without. */
import type { Place } from '../harness/entrants.ts';
import type { RowSpec, Suite } from '../harness/session.ts';
import { STATE_BYTES } from './entities.ts';
import { serverKilled, swallowed } from './losses.ts';
import { SharedServer } from './shared-server.ts';
import { TurnsBench } from './turns.ts';

const here = (file: string) => new URL(file, import.meta.url).href;
const files = {
  ours: here('ours.ts'),
  raw: here('raw.ts'),
  moleculer: here('moleculer.ts'),
  entities: here('entities.ts'),
} as const;

export interface FabricSizes {
  readonly asks: number;
  readonly tells: number;
  readonly turns: number;
  readonly sleepers: number;
  readonly kills: number;
}

const fullSizes: FabricSizes = { asks: 2_000, tells: 200_000, turns: 300, sleepers: 20_000, kills: 5 };

export function fabricSuite(place: Place, sizes: FabricSizes = fullSizes): Suite {
  const server = new SharedServer();
  return {
    name: 'fabric',
    about: `Two processes on one machine and one nats-server, which syncs to disk: three processes share its processors.
Moleculer without logger and metrics, over the same server.`,
    rows: [
      ...messages(place, server, sizes),
      ...turns(server, sizes),
      replicated(sizes),
      ...synced(server, sizes),
      ...entities(place, server, sizes),
      ...losses(sizes),
    ],
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

function replicated({ turns: size }: FabricSizes): RowSpec {
  const bench = new TurnsBench(new SharedServer({ count: 3, sync: 'always' }));
  return {
    name: 'durable turn, one at a time, three replicas, p50',
    unit: 'ms',
    better: 'lower',
    about: 'The same on three servers of one machine, which all write every record.',
    goal: { 'raw append': 1.2 },
    ours: { size, open: () => bench.turn() },
    peers: { 'raw append': { size, open: () => bench.append() } },
  };
}

/** What it costs that a power cut takes nothing back, and what sharing turns wins back of it. */
function synced(server: SharedServer, { turns: size }: FabricSizes): RowSpec[] {
  const bench = new TurnsBench(server);
  const lazy = new TurnsBench(new SharedServer({ count: 1, sync: '2m' }));
  const peer = 'synced every 2 minutes';
  return [
    {
      name: 'price of sync always, one turn at a time, p50',
      unit: 'ms',
      better: 'lower',
      about: "Ours on a server that writes to the disk before it acknowledges, beside ours on one with NATS's default.",
      goal: {},
      ours: { size, open: () => bench.turn() },
      peers: { [peer]: { size, open: () => lazy.turn() } },
    },
    {
      name: 'price of sync always, one hot entity, 256 asks in flight',
      unit: 'turns/s',
      better: 'higher',
      about: 'The same where many asks share a turn, and so one write to the disk.',
      goal: {},
      ours: { size: size * 40, open: () => bench.hot() },
      peers: { [peer]: { size: size * 40, open: () => lazy.hot() } },
    },
  ];
}

function losses({ kills }: FabricSizes): RowSpec[] {
  return [
    {
      name: 'reconnection to another server, p50',
      unit: 'ms',
      better: 'lower',
      about: `Of three servers the one that the client is connected to is killed (SIGKILL); from then until a request is
answered again, by a responder on one of the others.`,
      goal: { most: 200 },
      ours: { size: kills, open: serverKilled },
      peers: {},
    },
    {
      name: 'a dead link without a reset, until it is noticed',
      unit: 'ms',
      better: 'lower',
      about: 'A proxy between client and server swallows everything from one moment on, and resets nothing.',
      goal: { most: 3_000 },
      ours: { size: 1, open: swallowed },
      peers: {},
    },
  ];
}

function entities({ lasting }: Place, server: SharedServer, { turns: size, sleepers }: FabricSizes): RowSpec[] {
  const entrant = (workload: string, count: number) => server.for(lasting(files.entities, workload, count));
  return [
    {
      name: 'wake an entity with a 1 kB snapshot, p50',
      unit: 'ms',
      better: 'lower',
      about: 'The first ask on a new node, answered from the record. Raw: a direct get of as many bytes.',
      goal: { 'raw direct get': 3 },
      ours: entrant('wake', size),
      peers: { 'raw direct get': entrant('get', size) },
    },
    {
      name: 'server-side bytes stored per small turn',
      unit: 'bytes',
      better: 'lower',
      about: `What the stream says that it holds, by its records: subject, headers and all. The state has ${STATE_BYTES} bytes.
Of entities that have had twice as many turns as are kept.`,
      goal: { most: 1.5 * STATE_BYTES + 200 },
      ours: entrant('stored', size),
      peers: {},
    },
    {
      name: 'memory that a passivated entity leaves in its node',
      unit: 'bytes',
      better: 'lower',
      about: `After ${sleepers.toLocaleString('en')} entities a round have each had a message and gone to sleep.`,
      goal: { most: 10 },
      ours: entrant('asleep', sleepers),
      peers: {},
    },
  ];
}
