import { findServer, startServers } from '@jaegis/nats';
import { realClock, realHost, realRandom } from '@jaegis/node';
import type { Entrant } from '../harness/session.ts';

/** Where the processes of entrants find the address of the server. */
export const SERVER_VARIABLE = 'BENCH_NATS';

type Running = Awaited<ReturnType<typeof startServers>>;

/** One nats-server, synced to disk, that the entrants of a row share: started by the first, stopped by the last. */
export class SharedServer {
  #running: Promise<Running> | undefined;
  #users = 0;

  async join(): Promise<string> {
    this.#users++;
    this.#running ??= start();
    const [url = ''] = (await this.#running).urls;
    return url;
  }

  async leave(): Promise<void> {
    this.#users--;
    if (this.#users > 0) return;
    const running = await this.#running;
    this.#running = undefined;
    await running?.[Symbol.asyncDispose]();
  }

  /** The entrant with the server's address in its environment. */
  for({ size, open }: Entrant): Entrant {
    return {
      size,
      open: async () => {
        process.env[SERVER_VARIABLE] = await this.join();
        try {
          const session = await open();
          const close = async () => {
            await session.close?.();
            await this.leave();
          };
          return { round: (count) => session.round(count), close };
        } catch (error) {
          await this.leave();
          throw error;
        }
      },
    };
  }
}

async function start(): Promise<Running> {
  const world = { host: realHost(), clock: realClock(), random: realRandom() };
  const path = world.host.env.NATS_SERVER;
  const binary = await findServer({ ...world, ...(path ? { path } : {}) });
  return startServers({ ...world, count: 1, binary });
}
