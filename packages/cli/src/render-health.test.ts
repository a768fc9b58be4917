import { stripVTControlCharacters } from 'node:util';
import type { HealthAnswer, MemberHealth } from 'jaegis';
import { expect, it } from 'vitest';
import { renderHealth } from './render-health.ts';

const now = 1_000_000;
const life = (id: string) => ({ id, incarnation: `life-${id}` }) as never; // names are branded
const well = (node: string): MemberHealth => ({
  node,
  incarnation: `life-${node}`,
  status: 'alive',
  sinceMs: now - 60_000,
  reason: 'joined',
  evidence: [],
  voters: [],
  version: '0.1.0',
});
const rendered = (members: readonly MemberHealth[]) => {
  const answer: HealthAnswer = { cluster: 'shop', epoch: 4, answeredBy: 'n1', members };
  return renderHealth(answer, now).map((line) => stripVTControlCharacters(line).trimEnd());
};

it('members that are well are a line each', () => {
  expect(rendered([well('n1'), well('n2')])).toEqual([
    'shop  epoch 4, as n1 knows it',
    'node  status  for   because  version  life',
    'n1    alive   60 s  joined   0.1.0    life-n1',
    'n2    alive   60 s  joined   0.1.0    life-n2',
  ]);
});

it('of one that is not, who saw what and who agreed follow', () => {
  const seen = { of: life('n2'), silentMs: 400, phi: 9.26 };
  const evidence = [
    { ...seen, by: life('n1'), sees: 'silent' as const },
    { ...seen, by: life('n3'), sees: 'stalled' as const, phi: 0, loopMs: 5_000, actor: 'n2/user/a' },
  ];
  const lines = rendered([{ ...well('n2'), status: 'degraded', reason: 'stalled', evidence, voters: ['n1', 'n3'] }]);
  expect(lines.slice(2)).toEqual([
    'n2    degraded  60 s  stalled  0.1.0    life-n2',
    '  n2: n1 sees it silent (silent for 400 ms, phi 9.3)',
    '  n2: n3 sees it stalled (silent for 400 ms, loop still for 5 s, in n2/user/a)',
    '  n2: agreed by n1, n3',
  ]);
});

it('a node that has agreed on nothing yet shows what it makes of the others', () => {
  const members = [{ node: 'n1', incarnation: 'a', status: 'up' }];
  expect(rendered(members)[2]).toBe('n1    up                             a');
});
