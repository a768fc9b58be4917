import { describe, expect, it } from 'vitest';
import { openClusterState } from './cluster-state.ts';
import { requestInspection } from './request-inspection.ts';

describe.each([
  ['requestInspection', requestInspection],
  ['openClusterState', openClusterState],
])('%s', (name, open) => {
  it.each(['', 'a b', '.', 'shop.*'])('refuses the cluster %j before it dials', async (cluster) => {
    await expect(open({ cluster, nats: ['127.0.0.1:1'] })).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(`${name}: cluster: use 1 to 63 .*or digit\\.$`),
      data: { path: 'cluster' },
    });
  });
});
