import { expect, it } from 'vitest';
import { processes, tiny } from '../harness/entrants.ts';
import { reportSchema } from '../harness/report.test-schema.ts';
import { runSuite } from '../harness/run-suite.ts';
import { PeerAbsentError } from '../harness/session.ts';
import { kernelSuite } from './suite.ts';

const without = () => ({
  size: 1,
  open: () => {
    throw new PeerAbsentError('There is no Erlang.');
  },
});

it('measures every row of the kernel beside its peers, in a run of a few', async () => {
  const report = await runSuite(kernelSuite(tiny(20, without)), { rounds: 1 });
  const read = reportSchema.parse(JSON.parse(JSON.stringify(report)));
  expect(read.rows.map(({ name, peers }) => [name, Object.keys(peers)])).toEqual([
    ['tell, handler actor', ['nact']],
    ['ask, handler actor, one at a time', ['moleculer', 'moleculer, 5 s at most', 'nact']],
    ['event to an XState actor under supervision', ['xstate']],
    ['two handler actors volleying', ['nact tells', 'nact']],
    ['supervised crash until it answers again, state kept, p50', []],
    ['spawn and stop of handler actors', ['nact']],
    ['memory of an idle handler actor', ['nact']],
    ['a million actors alive: memory', []],
    ['a million actors alive: tell to a random one', ['tell to one', 'plain objects, random', 'plain objects, one']],
    ['a closing cycle of 2 to 100 actors until DeadlockError', []],
    ['watching costs (counters on against off)', ['unwatched']],
    ['event-loop delay p99 while 1,000 actors are flooded', ['idle']],
  ]);
  expect(Object.keys(read.machine.versions)).toEqual(['node', 'nact', 'moleculer', 'xstate']);
});

it('measures Erlang where there is one, and else says that there is none', async () => {
  const workloads = ['tell', 'ask', 'idle', 'crash', 'spawn_and_stop', 'volley'];
  const script = new URL('erlang.escript', import.meta.url).href;
  const figures = await Promise.all(
    workloads.map(async (workload) => {
      try {
        const session = await processes.erlang(script, workload, 10).open();
        const figure = await session.round(10);
        await session.close?.();
        return figure;
      } catch (error) {
        if (error instanceof PeerAbsentError) return error.message;
        throw error;
      }
    }),
  );
  const isAbsent = figures[0] === 'There is no `escript` on this machine.';
  for (const figure of figures) expect(figure).toEqual(isAbsent ? figures[0] : expect.any(Number));
});

it('has a goal for every row, of peers that the row has', () => {
  for (const { goal, peers } of kernelSuite(processes).rows) {
    expect(Object.keys(goal)).not.toEqual([]);
    expect(['most', 'below', ...Object.keys(peers)]).toEqual(expect.arrayContaining(Object.keys(goal)));
  }
});
