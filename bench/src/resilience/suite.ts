/** The suite `resilience`: what guards cost, and what they are good for under load. */
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import type { Place } from '../harness/entrants.ts';
import type { RowSpec, Suite } from '../harness/session.ts';

const here = (file: string) => new URL(file, import.meta.url).href;

const files = {
  ours: here('ours.ts'),
  pool: here('ours-pool.ts'),
  noisy: here('noisy.ts'),
  overload: here('overload.ts'),
  cockatiel: here('cockatiel.ts'),
  opossum: here('opossum.ts'),
  piscina: here('piscina.ts'),
} as const;

export function resilienceSuite(place: Place): Suite {
  return {
    name: 'resilience',
    about: `Breakers, retries, timeouts and bulkheads around calls in one process, the pool of threads, and a server with more
requests than it can do. The time that a guard adds is that of an async call with it less that of the call alone, in
blocks that take turns.`,
    rows: [...guards(place), ...pools(place), ...loads(place)],
    versions,
  };
}

function guards({ lasting, fresh }: Place): RowSpec[] {
  const time = { unit: 'ns', better: 'lower', patience: 2 } as const;
  return [
    {
      ...time,
      name: 'breaker around an async call, added time',
      about: `The call goes well and does nothing. Breakers count failures within a window; opossum's has its defaults but
for the timeout, which the others' have not.`,
      goal: { cockatiel: 1 },
      ours: lasting(files.ours, 'breaker', 200_000),
      peers: {
        cockatiel: lasting(files.cockatiel, 'breaker', 200_000),
        opossum: lasting(files.opossum, 'breaker', 100_000),
      },
    },
    {
      ...time,
      name: 'retry, breaker, timeout and bulkhead, added time',
      about: `The same call under all four, as one policy: 64 at once and 64 waiting, 5 tries, 1 s for each. The bulkhead is
outermost and the timeout innermost in both.`,
      goal: { cockatiel: 0.2 },
      ours: lasting(files.ours, 'chain', 200_000),
      peers: { cockatiel: lasting(files.cockatiel, 'chain', 40_000) },
    },
    {
      name: 'memory of a breaker with a window of 60 s',
      unit: 'bytes',
      better: 'lower',
      about: `100,000 of them alive in one process, each of which has counted a success and a failure; a new process for each
round. Ours have a name each, and share their settings.`,
      goal: { most: 1_000 },
      ours: fresh(files.ours, 'memory', 100_000),
      peers: { cockatiel: fresh(files.cockatiel, 'memory', 100_000) },
    },
  ];
}

function pools({ lasting }: Place): RowSpec[] {
  return [
    {
      name: 'pool with tenants and priorities',
      unit: 'tasks/s',
      better: 'higher',
      about: `Two threads and 64 tasks in flight, each of which squares a number. Ours are of three tenants and two priorities;
bare piscina has one line for all. By default its threads sleep between tasks, with all timers and connections of their
modules, for as long as nothing comes; without \`atomics\` they stay awake. Ours sleep for a millisecond at most.`,
      goal: { piscina: 0.95 },
      ours: lasting(files.pool, 'tasks', 30_000),
      peers: {
        piscina: lasting(files.piscina, 'tasks', 30_000),
        'piscina, awake': lasting(files.piscina, 'awakeTasks', 30_000),
      },
    },
    {
      name: 'event-loop delay p99 while both threads of a pool compute',
      unit: 'ms',
      better: 'lower',
      about: `For two seconds, on the thread that gave them their tasks. Of a timer of 1 ms, which is a part of the figure, as
idle shows.`,
      goal: { idle: 2 },
      ours: lasting(files.pool, 'hogs', 2_000),
      peers: { idle: lasting(files.pool, 'idle', 2_000) },
    },
  ];
}

function loads({ lasting }: Place): RowSpec[] {
  return [
    {
      name: 'a tenant at 10 times its share, p99 of the calls of the others',
      unit: 'ms',
      better: 'lower',
      about: `Four tenants share 8 slots of a bulkhead for calls of 20 ms; three of them use half of their share, and the
fourth asks for ten times its own. How long a call of the three takes, for five seconds, and 1 s if it is refused; beside
the same without the fourth, and with it but without shares.`,
      goal: { alone: 1.2 },
      ours: lasting(files.noisy, 'noisy', 5_000),
      peers: {
        alone: lasting(files.noisy, 'alone', 5_000),
        'without shares': lasting(files.noisy, 'withoutShares', 5_000),
      },
    },
    {
      name: 'goodput of a server at 3 times its capacity',
      unit: 'answers/s',
      better: 'higher',
      about: `An HTTP server in a process of its own does 4 requests at once in 20 ms each; 600 a second come for five seconds,
and count if they are answered within 250 ms, when clients give up. Ours has a bulkhead with a limit that it learns and
with shedding in front; without it all wait in one line. Capacity is what six clients get that wait for their answers.`,
      goal: { capacity: 0.9 },
      ours: lasting(files.overload, 'guarded', 5_000),
      peers: {
        capacity: lasting(files.overload, 'capacity', 5_000),
        without: lasting(files.overload, 'without', 5_000),
      },
    },
  ];
}

async function versions(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of ['cockatiel', 'opossum', 'piscina']) {
    const path = findPackageJSON(name, import.meta.url);
    if (path) found[name] = String(JSON.parse(await readFile(path, 'utf8')).version);
  }
  return found;
}
