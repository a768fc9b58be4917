/** All nodes die at once, or one that has ten thousand entities, or nothing happens on a machine that has no rest. */

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ownerOf } from '@jaegis/cluster';
import { inFlight } from '../fabric/rounds.ts';
import type { Session } from '../harness/session.ts';
import { type Answer, counter } from './app.ts';
import { DURABLE_MS, Ground, type GroundOptions } from './ground.ts';
import { monotonicMs } from './monotonic.ts';
import type { Fault } from './node-faults.ts';
import { pause } from './steady-asks.ts';

/** Asks at once while entities are made ready. */
const WIDTH = 256;
const hog = fileURLToPath(new URL('hog.ts', import.meta.url));

/** From when the first of the new processes has loaded its code until each entity has answered, with the state it had. */
export const allKilled: Fault = async (ground, asks) => {
  await Promise.all(ground.names.map((name) => ground.nodes.kill(name)));
  const answered = asks.firstAnswers(asks.lines);
  const launched = ground.names.map((name) => ground.launch(name));
  const upMs = Math.min(...(await Promise.all(launched.map(({ up }) => up))));
  const answeredMs = await answered;
  await Promise.all(launched.map(({ ready }) => ready));
  await ground.settled(asks);
  ground.assertAlive(...ground.names);
  return answeredMs.map((ms) => ms - upMs);
};

/** So many entities are at work on a node that is killed, and all are asked at once: until the last one has answered. */
export async function crowdKilled(options: GroundOptions): Promise<Session> {
  const ground = await Ground.open(options);
  const asks = await ground.steady(await ground.counters());
  const totals = new Map<string, number>();
  const add = async (key: string): Promise<Answer> => {
    const total = (totals.get(key) ?? 0) + 1;
    const options = { idempotencyKey: `${total}`, timeoutMs: DURABLE_MS };
    const answer = await ground.client.entity(counter, key).ask({ type: 'add' }, options);
    if (answer.total !== total) throw new Error(`${key} answered ${answer.total} instead of ${total}.`);
    totals.set(key, total);
    return answer;
  };
  const round = async (size: number) => {
    const victim = ground.nextVictim();
    const keys = ownedBy(ground, victim, size);
    await inFlight(WIDTH, size, (index) => add(keys[index] ?? ''));
    const atMs = ground.nodes.signal(victim, 'SIGKILL');
    const answers = await Promise.all(keys.map(add));
    const tookMs = monotonicMs() - atMs;
    if (answers.some(({ node }) => node === victim)) throw new Error(`${victim} answered after it was killed.`);
    await ground.nodes.ended(victim);
    await ground.start(victim);
    await ground.settled(asks);
    ground.assertAlive(victim);
    return tookMs;
  };
  return {
    round,
    close: async () => {
      asks.stop();
      await ground.close();
    },
  };
}

function ownedBy({ client }: Ground, name: string, count: number): string[] {
  const keys: string[] = [];
  for (let index = 0; keys.length < count; index++) {
    const key = `crowd-${index}`;
    if (ownerOf({ type: 'counter', key }, client.view)?.id === name) keys.push(key);
  }
  return keys;
}

/** How many nodes were declared down, or had to leave, in so many seconds on a machine the cores of which are all busy. */
export async function busy(options: GroundOptions): Promise<Session> {
  const ground = await Ground.open(options);
  const asks = await ground.steady(await ground.counters());
  const hogs = Array.from({ length: availableParallelism() }, () => new Worker(hog));
  return {
    round: async (seconds) => {
      ground.falselyDown();
      const heard = ground.listen();
      await pause(seconds * 1_000);
      asks.assertRight();
      const removed = heard.filter(({ event }) => event.type === 'node_removed').length;
      return Math.max(ground.falselyDown().length, removed);
    },
    close: async () => {
      await Promise.all(hogs.map((each) => each.terminate()));
      asks.stop();
      await ground.close();
    },
  };
}
