import { findServer, type NatsServers, startServers } from '@jaegis/nats';
import { realClock, realHost, realRandom } from '@jaegis/node';
import type { Entrant } from '../harness/session.ts';

/** Where the processes of entrants find the address of the server. */
export const SERVER_VARIABLE = 'BENCH_NATS';

export interface ServerOptions {
  readonly count: 1 | 3;
  /** See `sync` of `startServers`. */
  readonly sync: string;
}

/** Servers that the entrants of a row share: started by the first, stopped by the last. One, synced to disk, by default. */
export class SharedServer {
  readonly options: ServerOptions;
  #running: Promise<NatsServers> | undefined;
  #users = 0;

  constructor(options: ServerOptions = { count: 1, sync: 'always' }) {
    this.options = options;
  }

  /** The addresses, joined by commas. */
  async join(): Promise<string> {
    this.#users++;
    this.#running ??= startBenchServers(this.options);
    return (await this.#running).urls.join(',');
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

/** Servers of one's own, to be stopped. */
export async function startBenchServers(options: ServerOptions): Promise<NatsServers> {
  const world = { host: realHost(), clock: realClock(), random: realRandom() };
  const path = world.host.env.NATS_SERVER;
  const binary = await findServer({ ...world, ...(path ? { path } : {}) });
  return startServers({ ...world, ...options, binary });
}
