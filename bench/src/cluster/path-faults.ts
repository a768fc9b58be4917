/** The way between nodes and servers breaks: it swallows all that is said, or is cut again and again. */
import type { Session } from '../harness/session.ts';
import { Ground, type GroundOptions } from './ground.ts';
import { monotonicMs } from './monotonic.ts';
import type { Fault } from './node-faults.ts';
import type { Held } from './servers.ts';
import { pause, type SteadyAsks } from './steady-asks.ts';

/** A node that reaches nobody must have begun to refuse by then, in ms. */
const REFUSED_MS = 3_000;
/** How long it is seen to refuse after that, in ms. */
const WATCHED_MS = 500;
/** What was under way when the way broke may take so long to be put in order on the servers, in ms. */
const SETTLED_MS = 15_000;

/**
 * These nodes reach no server any more: from then until each has begun to refuse, and until each of their entities is
 * answered by another node. Nothing may be answered by them afterwards.
 */
export function cutOff(...victims: readonly string[]): Fault {
  return async (ground, asks) => {
    const lines = victims.flatMap((victim) => asks.of(victim));
    const local = victims.map((victim) => ground.nodes.askLocally(victim, asks.of(victim)[0] ?? ''));
    await ground.until('the nodes to ask themselves', () => local.every(({ length }) => length > 0));
    const atMs = monotonicMs();
    for (const proxy of proxiesOf(ground, victims)) proxy.swallow();
    const served = asks.firstAnswers(lines, ...victims);
    const refusals = local.map((made) =>
      ground.found('a node that is cut off to refuse', () => {
        return made.find(({ beganMs, outcome }) => beganMs > atMs && outcome === 'cluster_unavailable')?.endedMs;
      }),
    );
    const endedMs = [...(await served), ...(await Promise.all(refusals))];
    await pause(Math.max(0, atMs + REFUSED_MS + WATCHED_MS - monotonicMs()));
    const late = local.flat().filter(({ beganMs, outcome }) => beganMs > atMs + REFUSED_MS && outcome === 'answered');
    for (const proxy of proxiesOf(ground, victims)) proxy.heal();
    for (const victim of victims) ground.nodes.askLocally(victim, '');
    await ground.settled(asks);
    ground.assertAlive(...victims);
    if (late.length > 0) throw new Error(`Nodes that were cut off answered ${late.length} asks.`);
    await assertOneWriter(ground, lines);
    return endedMs.map((ms) => ms - atMs);
  };
}

/** @throws Error when somebody wrote after another had taken over. */
async function assertOneWriter({ client }: Ground, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const replaced = new Set<string>();
    let present: string | undefined;
    for await (const turn of client.history({ entity: { type: 'counter', key } })) {
      if (turn.writer === present) continue;
      if (present !== undefined) replaced.add(present);
      if (replaced.has(turn.writer)) throw new Error(`${key} was written by ${turn.node} after it was replaced.`);
      present = turn.writer;
    }
  }
}

/** How many more consumers and subscriptions the servers hold after so many reconnections of every node. */
export async function reconnected(options: GroundOptions): Promise<Session> {
  const ground = await Ground.open(options);
  const asks = await ground.steady(await ground.counters());
  return {
    round: async (times) => {
      await pause(SETTLED_MS / 2); // consumers of the start that nobody reads any more
      const before = await ground.servers.held();
      for (let done = 0; done < times; done++) await reconnect(ground, asks);
      const after = await settledTo(ground, before);
      asks.assertRight();
      ground.assertAlive();
      return Math.abs(after.consumers - before.consumers) + Math.abs(after.subscriptions - before.subscriptions);
    },
    close: async () => {
      asks.stop();
      await ground.close();
    },
  };
}

async function reconnect(ground: Ground, asks: SteadyAsks): Promise<void> {
  for (const name of ground.names) {
    const proxies = proxiesOf(ground, [name]);
    const dials = () => proxies.reduce((sum, proxy) => sum + proxy.dials, 0);
    const before = dials();
    for (const proxy of proxies) proxy.cut();
    await ground.until(`${name} to connect again`, () => dials() > before);
  }
  await asks.roundTrips();
}

async function settledTo(ground: Ground, before: Held): Promise<Held> {
  const deadline = monotonicMs() + SETTLED_MS;
  for (;;) {
    const held = await ground.servers.held();
    const isSame = held.consumers === before.consumers && held.subscriptions === before.subscriptions;
    if (isSame || monotonicMs() > deadline) return held;
    await pause(200);
  }
}

function proxiesOf({ proxies }: Ground, names: readonly string[]) {
  return names.flatMap((name) => proxies.get(name) ?? []);
}
