import { expect, it } from 'vitest';
import { measureRow } from './measure-row.ts';
import { type Entrant, PeerAbsentError, type RowSpec } from './session.ts';

const told: string[] = [];

/** Says what it is told, and gives one figure after the other. */
function entrant(name: string, figures: readonly number[], size = 7): Entrant {
  const left = [...figures];
  const round = (count: number) => {
    told.push(`${name} ${count}`);
    return left.shift() ?? Promise.reject(new Error(`${name} has no more`));
  };
  return { size, open: () => ({ round, close: () => void told.push(`${name} closed`) }) };
}

const absent: Entrant = {
  size: 1,
  open: () => {
    throw new PeerAbsentError('No such peer here.');
  },
};

const measure = (part: Partial<RowSpec>, rounds = 3) => {
  told.length = 0;
  const plain = { name: 'row', unit: 'x', better: 'higher', about: '', goal: {}, peers: {} } as const;
  return measureRow({ ...plain, ours: entrant('ours', [1, 20, 10, 30]), ...part }, rounds);
};

it('drops the first round and makes medians, ratios and the verdict of the others', async () => {
  const row = await measure({ goal: { peer: 5 }, peers: { peer: entrant('peer', [100, 4, 2, 3]) } });
  expect(row).toEqual({
    name: 'row',
    unit: 'x',
    better: 'higher',
    ours: { median: 20, min: 10, max: 30 },
    peers: { peer: { median: 3, min: 2, max: 4 } },
    rounds: 3,
    ratio: { peer: 20 / 3 },
    goal: { peer: 5 },
    met: true,
  });
});

it('lets ours and peers take turns, a round each, with another one first in each round', async () => {
  await measure({ ours: entrant('ours', [1, 1, 1]), peers: { peer: entrant('peer', [1, 1, 1], 2) } }, 2);
  expect(told).toEqual(['ours 7', 'peer 2', 'peer 2', 'ours 7', 'ours 7', 'peer 2', 'ours closed', 'peer closed']);
});

it('goes on without a peer that is absent, says so, and leaves the verdict open', async () => {
  const row = await measure({ goal: { peer: 5 }, peers: { peer: absent } });
  expect(row).toMatchObject({ peers: {}, ratio: {}, met: null, note: 'No such peer here.' });
});

it('tells why the goal is not reached, and only then', async () => {
  const slow = await measure({ better: 'lower', goal: { most: 19 }, shortfall: 'It is slow.' });
  const fast = await measure({ better: 'lower', goal: { most: 20 }, shortfall: 'It is slow.' });
  expect([slow, fast]).toMatchObject([{ met: false, note: 'It is slow.' }, { met: true }]);
  expect(fast).not.toHaveProperty('note');
});

it('gives a row more rounds that asks for patience', async () => {
  const row = await measure({ ours: entrant('ours', [9, 1, 2, 3, 4, 5, 6]), patience: 2 });
  expect(row.ours).toEqual({ median: 3.5, min: 1, max: 6 });
});

it('does a row that is whole in one round once, and takes all figures that the round has to tell', async () => {
  const round = () => Array.from({ length: 100 }, (_, index) => index + 1);
  const row = await measure({
    ours: { size: 1, open: () => ({ round }) },
    isOnce: true,
    goal: { below: 51, p99Below: 99 },
    documented: { peer: { figure: 1_000, source: 'its page' } },
  });
  expect(row).toMatchObject({ rounds: 1, ours: { median: 50.5, min: 1, max: 100, p99: 99 }, met: false });
  expect(row.documented).toEqual({ peer: { figure: 1_000, source: 'its page' } });
});

it.each<[string, Partial<RowSpec>, string]>([
  ['ours fails', { ours: entrant('ours', [1]) }, 'ours has no more'],
  ['ours is absent', { ours: absent }, 'No such peer here.'],
  ['a peer fails', { peers: { peer: entrant('peer', [1, 1]) } }, 'peer has no more'],
  ['a figure is no number', { ours: entrant('ours', [1, 1, Number.NaN, 1]) }, 'No figure can be made of 1, NaN, 1.'],
  ['a peer has nothing', { peers: { peer: entrant('peer', [1, 0, 0, 0]) } }, 'The figure of peer is 0'],
])('carries the error and closes what is open when %s', async (_, part, error) => {
  const row = await measure(part);
  expect(row).toMatchObject({ ours: null, peers: {}, ratio: {}, met: false, error: expect.stringContaining(error) });
  const opened = new Set(told.map((line) => line.split(' ')[0]));
  for (const name of opened) expect(told).toContain(`${name} closed`);
});
