import { MemoryBudget } from '@jaegis/resilience';
import { expect, it } from 'vitest';
import { checkOptions } from './node-options.ts';
import { createPolicy } from './policies.ts';
import { startSystem } from './start-system.ts';

it.each([
  ['a name with a space', { name: 'my node' }, 'name'],
  ['a level of logging that there is not', { logLevel: 'loud' }, 'logLevel'],
  ['memory without a budget', { memory: { maxBytes: 5 } }, 'memory.budget'],
  [
    'memory for a tenant that is none',
    { memory: { budget: new MemoryBudget({ maxBytes: 1 }), tenant: 5 } },
    'memory.tenant',
  ],
  ['no threads', { threads: 0 }, 'threads'],
  ['an option that nobody knows', { threds: 2 }, 'threds'],
])('a system or node with %s is refused with its path', (_, options, path) => {
  const refused = expect.objectContaining({ code: 'invalid_config', data: { path } });
  expect(() => startSystem(options as never)).toThrow(refused);
  expect(() => checkOptions(options as never, 'x')).toThrow(refused);
});

const unkept = { name: 'x', inspect: () => ({}), onEvent: () => {} };

it.each([
  ['two replicas', { replicas: 2 }, 'replicas'],
  ['no server', { nats: [] }, 'nats'],
  ['an app that is none', { app: 7 }, 'app'],
  ['a policy that is none', { policies: [{ retry: {} }] }, 'policies.0'],
  ['two policies of one name', { policies: [createPolicy({}), createPolicy({})] }, 'policies'],
  ['policies to be kept for a name by chance', { keepPolicies: true }, 'name'],
  ['a policy that cannot be kept', { name: 'a', keepPolicies: true, policies: [unkept] }, 'policies.0'],
  ['a policy of its pool with a name of its own', { poolPolicy: { name: 'a' } }, 'poolPolicy.name'],
  ['a policy of its pool that cannot be', { poolPolicy: { retry: { tries: 0 } } }, 'poolPolicy.retry.tries'],
  ['a policy of its pool that only runs calls', { poolPolicy: { run: () => {} } }, 'poolPolicy'],
  [
    'a policy of its pool called as another',
    { poolPolicy: {}, policies: [createPolicy({ name: 'pool' })] },
    'policies',
  ],
  ['a weight below 0', { weight: -1 }, 'weight'],
  ['bounds of the network without a rate', { network: { bulkBytes: 1 } }, 'network.bytesPerSecond'],
  ['a share of the network above 1', { network: { bytesPerSecond: 1, shares: { bulk: 2 } } }, 'network.shares.bulk'],
  [
    'shares of the network that are too much together',
    { network: { bytesPerSecond: 1, shares: { bulk: 0.9 } } },
    'network.shares',
  ],
  ['labels that are no names', { labels: ['a b'] }, 'labels.0'],
  ['a setting of health that nobody knows', { health: { silentMs: 1 } }, 'health.silentMs'],
  ['a time that is none', { health: { beatMs: -1 } }, 'health.beatMs'],
  ['beats that come too seldom for the other times', { health: { beatMs: 400 } }, 'health.askAfterMs'],
])('a node with %s is refused with its path', (_, options, path) => {
  const refused = expect.objectContaining({ code: 'invalid_config', data: { path } });
  expect(() => checkOptions(options as never, 'x')).toThrow(refused);
});

it.each([
  ['a function for failures that is none', { onFailure: 1 }, 'onFailure'],
  ['a limit that is none', { restartLimit: { intensity: -1 } }, 'intensity'],
  ['a limit with a name that nobody knows', { restartLimit: { intensty: 1 } }, 'intensty'],
])('a system with %s is refused with its path', (_, options, path) => {
  const refused = expect.objectContaining({ data: expect.objectContaining({ path }) });
  expect(() => startSystem(options as never)).toThrow(refused);
});

it('a refusal ends with one full stop', () => {
  const message = expect.stringMatching(/a letter or digit\.$/);
  expect(() => startSystem({ name: 'my node' })).toThrow(expect.objectContaining({ message }));
  expect(() => checkOptions({ name: 'my node' } as never, 'x')).toThrow(expect.objectContaining({ message }));
});
