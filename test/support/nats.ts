/** Real nats-servers for a test file: `const nats = withServers(1)` at its top, `nats.urls` in its tests. */
import {
  findServer,
  type NatsServer,
  type NatsServers,
  type ServerBinary,
  type StartServersOptions,
  startServers,
} from '@jaegis/nats';
import { realClock, realHost, realRandom } from '@jaegis/node';
import { afterAll, beforeAll } from 'vitest';

const world = { host: realHost(), clock: realClock(), random: realRandom() };

let found: Promise<ServerBinary> | undefined;

/** Found once in a process, and fetched once on a machine. */
export function serverBinary(): Promise<ServerBinary> {
  const path = world.host.env.NATS_SERVER;
  found ??= findServer({ ...world, ...(path === undefined ? {} : { path }) });
  return found;
}

/** For one test, which stops them. What survives the machine is not what these tests ask. */
export async function startNats(
  options: Pick<StartServersOptions, 'count' | 'storeDir' | 'report' | 'config'>,
): Promise<NatsServers> {
  return startServers({ ...world, binary: await serverBinary(), sync: '2m', ...options });
}

/** Started before the first test of the file and stopped after its last. */
export function withServers(
  count: 1 | 3 = 1,
  more: Pick<StartServersOptions, 'config' | 'maxStoreBytes'> = {},
): {
  readonly urls: readonly string[];
  readonly servers: readonly NatsServer[];
} {
  let running: NatsServers | undefined;
  beforeAll(async () => {
    // What survives the machine is not what these tests ask.
    running = await startServers({ ...world, count, binary: await serverBinary(), sync: '2m', ...more });
  });
  afterAll(() => running?.stop());
  return {
    get urls() {
      return running?.urls ?? [];
    },
    get servers() {
      return running?.servers ?? [];
    },
  };
}
