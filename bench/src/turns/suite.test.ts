import { expect, it } from 'vitest';
import { reportSchema } from '../harness/report.test-schema.ts';
import { runSuite } from '../harness/run-suite.ts';
import { turnsSuite } from './suite.ts';

it('measures turns beside raw appends, in a run of a few', async () => {
  const report = await runSuite(turnsSuite(3), { rounds: 1 });
  const { rows } = reportSchema.parse(JSON.parse(JSON.stringify(report)));
  expect(rows).toMatchObject([{ name: 'durable turn, one at a time', met: null }]);
  for (const { ours, peers } of rows) {
    for (const { median } of [ours, peers['raw append']].filter((one) => one !== undefined)) {
      expect(median).toBeGreaterThan(0);
    }
  }
});
