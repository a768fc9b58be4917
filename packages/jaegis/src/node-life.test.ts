import { incarnation, type Member, nodeId } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { NodeLife, reasonsAgainst, type Seen } from './node-life.ts';

const self: Member = { id: nodeId('n1'), incarnation: incarnation('a') };
const seen: Seen = { role: 'member', connected: true, self, view: { epoch: 3, members: [self] }, standing: 'serving' };
const other: Member = { ...self, incarnation: incarnation('b') };

describe('a node is ready', () => {
  it.each<[string, Seen]>([
    ['that is a member of the view', seen],
    ['that is a client, which no view names', { ...seen, role: 'client', view: { epoch: 3, members: [] } }],
  ])('%s', (_, what) => {
    expect(reasonsAgainst('running', what)).toEqual([]);
  });
});

describe('a node is not ready', () => {
  it.each<[string, Seen, string]>([
    ['without its connection', { ...seen, connected: false }, 'connection to NATS is lost'],
    ['that no view names', { ...seen, view: { epoch: 4, members: [] } }, 'no member'],
    ['in whose place another life of its name is', { ...seen, view: { epoch: 4, members: [other] } }, 'no member'],
    ['that does not know what it has missed', { ...seen, standing: 'verifying' }, 'it was away'],
    ['that is cut off', { ...seen, standing: 'refusing' }, 'neither the servers nor'],
    ['that drains', { ...seen, view: { epoch: 4, members: [{ ...self, draining: true }] } }, 'it drains'],
    ['that is a client without its connection', { ...seen, role: 'client', connected: false }, 'connection'],
  ])('%s', (_, what, reason) => {
    expect(reasonsAgainst('running', what)).toEqual([expect.stringContaining(reason)]);
  });
});

it('is started once it has begun, ready until it ends, and lives until it has failed', () => {
  const life = new NodeLife();
  const answers = () => [life.live().ok, life.started().ok, life.ready().ok];
  expect(answers()).toEqual([true, false, false]);
  life.begun(() => seen);
  expect(answers()).toEqual([true, true, true]);
  life.ends();
  expect(answers()).toEqual([true, true, false]);
  life.ends('its root supervisor gave up');
  expect(answers()).toEqual([false, true, false]);
  expect(life.live().reasons).toEqual(['it failed: its root supervisor gave up']);
});
