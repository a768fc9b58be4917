import { expect, it } from 'vitest';
import { processes } from '../harness/entrants.ts';
import { reportSchema } from '../harness/report.test-schema.ts';
import { runSuite } from '../harness/run-suite.ts';
import { fabricSuite } from './suite.ts';

// It starts five servers and twenty processes: on a busy machine that is much.
it('measures the fabric beside its peers, in a run of a few', { timeout: 120_000 }, async () => {
  const report = await runSuite(fabricSuite(processes, { asks: 5, tells: 50, turns: 3, sleepers: 3, kills: 1 }), {
    rounds: 1,
  });
  const { rows } = reportSchema.parse(JSON.parse(JSON.stringify(report)));
  expect(rows.map(({ name, peers }) => [name, Object.keys(peers)])).toEqual([
    ['ask between two processes, one at a time, p50', ['raw request', 'moleculer']],
    ['ask between two processes, 256 in flight', ['moleculer', 'raw request']],
    ['tell between two processes', ['raw publish']],
    ['durable turn, one at a time, p50', ['raw append']],
    ['durable turns, one hot entity, 256 asks in flight', ['raw appends']],
    ['durable turns over 1,000 entities, 256 in flight', ['raw appends']],
    ['durable turn, one at a time, three replicas, p50', ['raw append']],
    ['price of sync always, one turn at a time, p50', ['synced every 2 minutes']],
    ['price of sync always, one hot entity, 256 asks in flight', ['synced every 2 minutes']],
    ['wake an entity with a 1 kB snapshot, p50', ['raw direct get']],
    ['server-side bytes stored per small turn', []],
    ['memory that a passivated entity leaves in its node', []],
    ['reconnection to another server, p50', []],
    ['a dead link without a reset, until it is noticed', []],
  ]);
});
