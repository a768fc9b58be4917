import { expect, it } from 'vitest';
import { reportSchema } from '../harness/report.test-schema.ts';
import { runSuite } from '../harness/run-suite.ts';
import { clusterSuite } from './suite.ts';

const tiny = clusterSuite({
  servers: 1,
  nodes: 2,
  patience: 1,
  crowd: 20,
  reconnections: 1,
  serverRounds: 1,
  busySeconds: 1,
  members: 15,
});

it.each(['SIGKILL of a node', 'SIGTERM of a node'])(
  'measures %s with two nodes on one server',
  { timeout: 120_000 },
  async (only) => {
    const report = await runSuite(tiny, { rounds: 1, only });
    const { rows } = reportSchema.parse(JSON.parse(JSON.stringify(report)));
    expect(rows).toHaveLength(1);
  },
);

it('measures what membership costs in a simulated cluster', async () => {
  const { rows } = await runSuite(tiny, { rounds: 1, only: 'cost of membership' });
  expect(rows).toMatchObject([{ met: true }]);
});

it('has at least 20 faults a row in full size, and says what each row is', () => {
  for (const { patience = 1, isOnce = false, about, goal } of clusterSuite().rows) {
    if (!isOnce) expect(5 * patience).toBeGreaterThanOrEqual(20);
    expect(about).not.toBe('');
    expect(goal).not.toEqual({});
  }
});
