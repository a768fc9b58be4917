import { expect, it } from 'vitest';
import { processes, tiny } from '../harness/entrants.ts';
import { reportSchema } from '../harness/report.test-schema.ts';
import { runSuite } from '../harness/run-suite.ts';
import { PeerAbsentError } from '../harness/session.ts';
import { resilienceSuite } from './suite.ts';

const noErlang = () => ({
  size: 1,
  open: () => {
    throw new PeerAbsentError('There is no Erlang.');
  },
});

it('measures every row of resilience beside its peers, in a run of a few', { timeout: 60_000 }, async () => {
  const report = await runSuite(resilienceSuite(tiny(100, noErlang)), { rounds: 1 });
  const read = reportSchema.parse(JSON.parse(JSON.stringify(report)));
  expect(read.rows.map(({ name, peers }) => [name, Object.keys(peers)])).toEqual([
    ['breaker around an async call, added time', ['cockatiel', 'opossum']],
    ['retry, breaker, timeout and bulkhead, added time', ['cockatiel']],
    ['memory of a breaker with a window of 60 s', ['cockatiel']],
    ['pool with tenants and priorities', ['piscina', 'piscina, awake']],
    ['event-loop delay p99 while both threads of a pool compute', ['idle']],
    ['a tenant at 10 times its share, p99 of the calls of the others', ['alone', 'without shares']],
    ['goodput of a server at 3 times its capacity', ['capacity', 'without']],
  ]);
  expect(Object.keys(read.machine.versions)).toEqual(['node', 'cockatiel', 'opossum', 'piscina']);
});

it('has a goal for every row, of peers that the row has', () => {
  for (const { goal, peers } of resilienceSuite(processes).rows) {
    expect(Object.keys(goal)).not.toEqual([]);
    expect(['most', 'below', ...Object.keys(peers)]).toEqual(expect.arrayContaining(Object.keys(goal)));
  }
});
