/** The suite `kernel`: the speed of actors on one node, beside the peers that do the same. */
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import type { Place } from '../harness/entrants.ts';
import type { RowSpec, Suite } from '../harness/session.ts';
import { PeerAbsentError } from '../harness/session.ts';

const here = (file: string) => new URL(file, import.meta.url).href;

const files = {
  messages: here('ours-messages.ts'),
  machine: here('ours-machine.ts'),
  lives: here('ours-lives.ts'),
  memory: here('ours-memory.ts'),
  deadlock: here('ours-deadlock.ts'),
  eventLoop: here('ours-event-loop.ts'),
  nact: here('nact.ts'),
  xstate: here('xstate.ts'),
  moleculer: here('moleculer.ts'),
  erlang: here('erlang.escript'),
  plain: here('plain-objects.ts'),
} as const;

export function kernelSuite(place: Place): Suite {
  return {
    name: 'kernel',
    about: `Actors on one node, without a cluster, in their default configuration (flight recorders and counters on).
Peers are configured for speed: nact without logging and persistence, XState bare, Moleculer without logger and
transporter, Erlang/OTP compiled, with its default schedulers and no logger.`,
    rows: [...messages(place), ...lives(place), ...memory(place), ...promises(place)],
    versions: () => versions(place),
  };
}

function messages({ lasting, erlang }: Place): RowSpec[] {
  const higher = { better: 'higher', unit: 'messages/s' } as const;
  return [
    {
      ...higher,
      name: 'tell, handler actor',
      about: 'One sender, one counter; blocks of 5,000 messages, each handled before the next is sent.',
      goal: { nact: 25, erlang: 0.8 },
      ours: lasting(files.messages, 'tell', 5_000_000),
      peers: { nact: lasting(files.nact, 'tell', 200_000), erlang: erlang(files.erlang, 'tell', 3_000_000) },
    },
    {
      name: 'ask, handler actor, one at a time',
      unit: 'asks/s',
      better: 'higher',
      about: `Each ask is awaited before the next; ours and nact's end after 5 s at the latest. Moleculer: \`broker.call\`
in one broker, which may take for ever, its default, and with \`requestTimeout\` of 5 s. Erlang: the faster one of
\`gen_server:call\` and a pair of hand-written sends.`,
      goal: { moleculer: 1.5, nact: 7 },
      ours: lasting(files.messages, 'ask', 500_000),
      peers: {
        moleculer: lasting(files.moleculer, 'ask', 500_000),
        'moleculer, 5 s at most': lasting(files.moleculer, 'askWithin', 300_000),
        nact: lasting(files.nact, 'ask', 100_000),
        erlang: erlang(files.erlang, 'ask', 300_000),
      },
    },
    {
      name: 'event to an XState actor under supervision',
      unit: 'events/s',
      better: 'higher',
      about: 'Two states, an assignment in one of the transitions. Bare XState: `actor.send` of `createActor`.',
      goal: { xstate: 0.95 },
      ours: lasting(files.machine, 'event', 1_000_000),
      peers: { xstate: lasting(files.xstate, 'event', 200_000) },
    },
    {
      ...higher,
      name: 'two handler actors volleying',
      about: 'One message that two actors send to each other. The goal is against what nact tells one way.',
      goal: { 'nact tells': 1.5 },
      ours: lasting(files.messages, 'volley', 1_000_000),
      peers: {
        'nact tells': lasting(files.nact, 'tell', 200_000),
        nact: lasting(files.nact, 'volley', 200_000),
        erlang: erlang(files.erlang, 'volley', 1_000_000),
      },
    },
  ];
}

function lives({ lasting, erlang }: Place): RowSpec[] {
  return [
    {
      name: 'supervised crash until it answers again, state kept, p50',
      unit: 'µs',
      better: 'lower',
      about: `A handler throws; from the message that makes it throw until an ask sent after it is answered, by the new
incarnation, with the state from before. Erlang: a gen_server under one_for_one, which keeps no state.`,
      goal: { erlang: 1 },
      ours: lasting(files.lives, 'crash', 500),
      peers: { erlang: erlang(files.erlang, 'crash', 500) },
    },
    {
      name: 'spawn and stop of handler actors',
      unit: 'actors/s',
      better: 'higher',
      about: 'Batches of 1,000: all are started, all are stopped, all have ended.',
      goal: { nact: 2 },
      ours: lasting(files.lives, 'spawnAndStop', 100_000),
      peers: {
        nact: lasting(files.nact, 'spawnAndStop', 100_000),
        erlang: erlang(files.erlang, 'spawn_and_stop', 100_000),
      },
    },
  ];
}

function memory({ lasting, fresh, erlang }: Place): RowSpec[] {
  return [
    {
      name: 'memory of an idle handler actor',
      unit: 'bytes',
      better: 'lower',
      about: '100,000 actors that were started and have had no message; a new process for each round.',
      goal: { most: 600 },
      ours: fresh(files.memory, 'idle', 100_000),
      peers: { nact: fresh(files.nact, 'idle', 100_000), erlang: erlang(files.erlang, 'idle', 100_000) },
    },
    {
      name: 'a million actors alive: memory',
      unit: 'MB',
      better: 'lower',
      about: 'What a process holds (RSS) with a million actors and refs to them, before and after each is told once.',
      goal: { most: 1_000 },
      shortfall: 'Each actor that has had a message keeps a flight recorder; `record: 0` is without.',
      ours: fresh(files.memory, 'residentOfMany', 1_000_000),
      peers: {},
    },
    {
      name: 'a million actors alive: tell to a random one',
      unit: 'messages/s',
      better: 'higher',
      about: `The same blocks as above, each message to another of a million actors; beside all of them to one. The calls
of a method of plain objects, in the same order, show what the memory of the machine allows.`,
      goal: { 'tell to one': 0.5 },
      shortfall:
        'Each message finds its actor, some ten lines in three objects, in no cache of the processor, and a turn handles one message instead of a batch. A method of plain objects, one line each, falls further behind itself than half, too.',
      ours: lasting(files.memory, 'tellOneOfMany', 1_000_000),
      peers: {
        'tell to one': lasting(files.messages, 'tell', 1_000_000),
        'plain objects, random': lasting(files.plain, 'random', 3_000_000),
        'plain objects, one': lasting(files.plain, 'one', 30_000_000),
      },
    },
  ];
}

function promises({ lasting }: Place): RowSpec[] {
  return [
    {
      name: 'a closing cycle of 2 to 100 actors until DeadlockError',
      unit: 'ms',
      better: 'lower',
      about: 'From the ask that closes the cycle until its victim has the error; the worst of 2, 10 and 100 actors.',
      goal: { below: 1 },
      ours: lasting(files.deadlock, 'cycle', 50),
      peers: {},
    },
    {
      name: 'watching costs (counters on against off)',
      unit: 'ns/message',
      better: 'lower',
      about: 'The row of tells again, with flight recorder and counters of time, and without.',
      goal: { unwatched: 1.05 },
      ours: lasting(files.messages, 'watched', 5_000_000),
      peers: { unwatched: lasting(files.messages, 'unwatched', 5_000_000) },
      patience: 3,
    },
    {
      name: 'event-loop delay p99 while 1,000 actors are flooded',
      unit: 'ms',
      better: 'lower',
      about: `Each actor has 100 messages waiting at any time, for two seconds. Of a timer of 1 ms, which is a part of the
figure, as idle shows.`,
      goal: { below: 10 },
      ours: lasting(files.eventLoop, 'flooded', 2_000),
      peers: { idle: lasting(files.eventLoop, 'idle', 2_000) },
    },
  ];
}

async function versions(place: Place): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of ['nact', 'moleculer', 'xstate']) {
    const path = findPackageJSON(name, import.meta.url);
    if (path) found[name] = String(JSON.parse(await readFile(path, 'utf8')).version);
  }
  const { erlang } = place;
  try {
    const session = await erlang(files.erlang, 'version', 1).open();
    found.erlang = `OTP ${await session.round(1)}`;
    await session.close?.();
  } catch (error) {
    if (!(error instanceof PeerAbsentError)) throw error;
  }
  return found;
}
