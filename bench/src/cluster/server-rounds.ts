/**
 * Every NATS server is restarted in turn, while messages are sent, timers set and events watched. What was acknowledged
 * must come, once: consumers and timers live on the servers that die.
 */
import { JaegisError, type JaegisNode } from 'jaegis';
import type { Session } from '../harness/session.ts';
import { alarm, type herald, ledger } from './app.ts';
import { DURABLE_MS, Ground, type GroundOptions } from './ground.ts';
import { pause } from './steady-asks.ts';

/** Of each kind, so that each node has some. */
const RECEIVERS = 6;
const EVERY_MS = 50;
const TIMER_MS = 1_000;
/** Between the restart of one server and of the next, in ms. */
const BETWEEN_MS = 1_000;
/** How long the last of what was acknowledged may take to come, in ms. */
const LATE_MS = 30_000;

/** What was acknowledged, by the name of its receiver. */
type Acknowledged = Map<string, number[]>;

/** Does something every {@link EVERY_MS} until it is stopped; what has failed is done again until it is acknowledged. */
class Stream {
  readonly acknowledged: Acknowledged = new Map();
  readonly #act: (name: string, entry: number) => Promise<unknown>;
  #stopped = false;
  readonly #loops: readonly Promise<void>[];

  constructor(kind: string, act: (name: string, entry: number) => Promise<unknown>) {
    this.#act = act;
    this.#loops = Array.from({ length: RECEIVERS }, (_, index) => this.#run(`${kind}-${index}`));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #run(name: string): Promise<void> {
    const entries: number[] = [];
    this.acknowledged.set(name, entries);
    for (let entry = 1; !this.#stopped; entry++) {
      await this.#untilDone(name, entry);
      entries.push(entry);
      await pause(EVERY_MS * RECEIVERS);
    }
  }

  async #untilDone(name: string, entry: number): Promise<void> {
    for (;;) {
      try {
        await this.#act(name, entry);
        return;
      } catch (error) {
        if (!(error instanceof JaegisError)) throw error;
        await pause(EVERY_MS);
      }
    }
  }
}

/** How much was lost, done twice or no longer works after so many rounds. */
export async function serverRounds(options: GroundOptions): Promise<Session> {
  const ground = await Ground.open(options);
  const asks = await ground.steady(await ground.counters());
  return {
    round: async (rounds) => {
      const { client, servers } = ground;
      const sends = new Stream('ledger', (name, entry) =>
        client.entity(ledger, name).send({ type: 'write', entry }, { id: `${name}-${entry}` }),
      );
      const timers = new Stream('alarm', (name, entry) => {
        const idempotencyKey = `${entry}`;
        const set = { type: 'set', entry, afterMs: TIMER_MS } as const;
        return client.entity(alarm, name).ask(set, { idempotencyKey, timeoutMs: DURABLE_MS });
      });
      let deaf = 0;
      for (let round = 0; round < rounds; round++) {
        for (const server of servers.all) {
          await server.restart();
          await servers.settled();
          deaf += await unheard(ground);
          await pause(BETWEEN_MS);
        }
      }
      await Promise.all([sends.stop(), timers.stop()]);
      await ground.settled(asks);
      asks.assertRight();
      ground.assertAlive();
      const written = (name: string) => client.entity(ledger, name).ask({ type: 'read' }, { timeoutMs: DURABLE_MS });
      const rung = (name: string) => client.entity(alarm, name).ask({ type: 'read' }, { timeoutMs: DURABLE_MS });
      return deaf + (await wrong(sends.acknowledged, written)) + (await wrong(timers.acknowledged, rung));
    },
    close: async () => {
      asks.stop();
      await ground.close();
    },
  };
}

/** How many nodes are not heard announcing any more. An announcement may be lost, so they say it again. */
async function unheard(ground: Ground): Promise<number> {
  const heard = ground.listen();
  const silent = await Promise.all(ground.names.map((name) => isSilent(ground.client, name, heard)));
  return silent.filter(Boolean).length;
}

async function isSilent(client: JaegisNode, name: string, heard: ReturnType<Ground['listen']>): Promise<boolean> {
  const ref = client.actor<NonNullable<(typeof herald)['protocol']>>(`${name}/user/herald`);
  for (let entry = 0; entry < LATE_MS / 100; entry++) {
    await ref.ask({ type: 'cry', entry }).catch(() => {}); // also a way that must work again
    await pause(100);
    if (heard.some(({ event }) => event.type === 'cried' && event.node === name)) return false;
  }
  return true;
}

/** How many entries have not come, or twice, when all had time to come. */
async function wrong(acknowledged: Acknowledged, read: (name: string) => Promise<readonly number[]>): Promise<number> {
  const deadline = performance.now() + LATE_MS;
  for (;;) {
    let count = 0;
    for (const [name, entries] of acknowledged) {
      const came = await read(name);
      const once = new Set(came);
      count += came.length - once.size + entries.filter((entry) => !once.has(entry)).length;
    }
    if (count === 0 || performance.now() > deadline) return count;
    await pause(200);
  }
}
