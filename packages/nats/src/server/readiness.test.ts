import { expect, test } from 'vitest';
import { type Answer, readinessOf } from './readiness.ts';
import { planCluster } from './server-config.ts';

const one = planCluster('c', [1, 2, 3], ['/a'], { sync: 'always' });
const three = planCluster('c', [1, 2, 3, 4, 5, 6, 7, 8, 9], ['/a', '/b', '/c'], { sync: 'always' });

type Replicas = { current: boolean; offline?: boolean }[];
const answer = (name: string, isHealthy = true, leader?: string, replicas: Replicas = []): Answer => ({
  varz: { server_name: name, jetstream: leader === undefined ? {} : { meta: { leader, replicas } } },
  isHealthy,
});
const silence: Answer = { varz: undefined, isHealthy: false };
const current = [{ current: true }, { current: true }];

test.each([
  ['does not answer', [silence], 'silent'],
  ['recovers its streams', [answer('c-1', false)], 'silent'],
  ['is not ours', [answer('other-1')], 'silent'],
  ['is healthy', [answer('c-1')], 'ready'],
])('a server that %s is %s', (_, answers, readiness) => {
  expect(readinessOf(one, answers)).toBe(readiness);
});

const followers = [answer('c-2', true, 'c-1'), answer('c-3', true, 'c-1')];

test.each([
  ['one does not answer', [answer('c-1', true, 'c-1', current), followers[0] ?? silence, silence], 'silent'],
  ['there is no leader', [answer('c-1', false), answer('c-2', false), answer('c-3', false)], 'electing'],
  ['a follower lags', [answer('c-1', true, 'c-1', [{ current: true }, { current: false }]), ...followers], 'electing'],
  [
    'a follower is away',
    [answer('c-1', true, 'c-1', [{ current: true }, { current: true, offline: true }]), ...followers],
    'electing',
  ],
  [
    'one has not heard of the leader',
    [answer('c-1', true, 'c-1', current), answer('c-2', true, 'c-1'), answer('c-3', false)],
    'electing',
  ],
  ['the leader sees all', [answer('c-1', true, 'c-1', current), ...followers], 'ready'],
])('when %s, of the answers %j the sum is %s', (_, answers, readiness) => {
  expect(readinessOf(three, answers)).toBe(readiness);
});
