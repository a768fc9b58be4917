/** Who may import what: the table of docs/architecture as data. The imports test reads it. */
export interface Room {
  /** The workspaces whose door it may use. */
  readonly internal: readonly string[];
  /** The libraries it may use; `node:` stands for all modules of Node. */
  readonly external: readonly string[];
  /** What to do instead of the import that is not allowed. */
  readonly instead: string;
}

const adapter = (external: readonly string[]): Room => ({
  internal: ['@jaegis/core'],
  external,
  instead:
    'An adapter knows core and its one library: take what you need as a parameter, and join it in packages/jaegis.',
});

const core = '@jaegis/core';
const machines = '@jaegis/machines';
const actors = '@jaegis/actors';
const cluster = '@jaegis/cluster';
const adapters = ['@jaegis/codec', '@jaegis/nats', '@jaegis/node', '@jaegis/pool', '@jaegis/sim', '@jaegis/telemetry'];
const resilience = '@jaegis/resilience';
const terminal = ['commander', 'log-update', 'picocolors'];

export const house: Readonly<Record<string, Room>> = {
  'packages/core': {
    internal: [],
    external: [],
    instead: 'core depends on nothing: describe what you need as a port, and let an adapter supply it.',
  },
  machines: {
    internal: [core],
    external: ['xstate'],
    instead: 'A machine only decides: name the action in the machine, and provide it in actors.',
  },
  actors: {
    internal: [core, machines],
    external: ['xstate', 'croner'],
    instead: 'actors is one node and reaches the world through the ports of core: take a port as a parameter.',
  },
  cluster: {
    internal: [core, machines, actors],
    external: ['xstate'],
    instead: 'cluster is written against the ports of core and never names NATS: take a port as a parameter.',
  },
  'packages/resilience': {
    internal: [core, machines],
    external: [],
    instead:
      'resilience guards any call and knows no actor: take what you need as a port, and join it in packages/jaegis.',
  },
  'packages/codec': adapter(['devalue', '@msgpack/msgpack']),
  'packages/nats': adapter(['@nats-io/transport-node', '@nats-io/jetstream', '@nats-io/kv', 'node:']),
  'packages/node': adapter(['pino', 'node:']),
  'packages/pool': adapter(['piscina', 'node:']),
  'packages/sim': adapter([]),
  'packages/telemetry': adapter(['@opentelemetry/api']),
  'packages/jaegis': {
    internal: [core, machines, actors, cluster, resilience, ...adapters],
    external: ['xstate', 'zod', 'node:'],
    instead: 'jaegis only glues: move the code to the layer that it belongs to.',
  },
  'packages/cli': {
    internal: ['jaegis'],
    external: [...terminal, 'zod', 'node:'],
    instead: 'The command uses what users use: export it from packages/jaegis if users need it too.',
  },
  'packages/examples': {
    internal: ['jaegis', '@jaegis/cli'],
    external: [...terminal, 'xstate', 'zod', 'node:'],
    instead: 'An example uses what users use: export it from packages/jaegis if users need it too.',
  },
  bench: {
    internal: ['jaegis', core, machines, actors, cluster, resilience, ...adapters],
    external: [
      'node:',
      'xstate',
      'cockatiel',
      'opossum',
      'piscina',
      'nact',
      'moleculer',
      'nats',
      '@nats-io/jetstream',
      '@nats-io/transport-node',
    ],
    instead: 'A benchmark measures our packages: list its library here if it measures a peer.',
  },
};
