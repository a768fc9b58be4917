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
  protocol: 1,
  version: '0.1.0',
});
const led = {
  cluster: 'shop',
  epoch: 4,
  answeredBy: 'n1',
  term: 3,
  leader: 'n2',
  index: 12,
  missing: [],
  departed: [],
};
const serving = (node: string, index = 12) => ({ node, standing: 'serving' as const, index });
const rendered = (members: readonly MemberHealth[], more: Partial<HealthAnswer> = {}) => {
  const answer = { ...led, members, nodes: members.map(({ node }) => serving(node)), ...more };
  return renderHealth(answer, now).map((line) => stripVTControlCharacters(line).trimEnd());
};

it('members that are well are a line each, below who leads', () => {
  expect(rendered([well('n1'), well('n2')])).toEqual([
    'shop  epoch 4, n2 leads in term 3, as n1 knows it',
    'node  status  for   because  it says  version  life',
    'n1    alive   60 s  joined   serving  0.1.0    life-n1',
    'n2    alive   60 s  joined   serving  0.1.0    life-n2',
  ]);
});

it('of one that is not, who saw what and who agreed follow', () => {
  const seen = { of: life('n2'), silentMs: 400, phi: 9.26 };
  const evidence = [
    { ...seen, by: life('n1'), sees: 'silent' as const },
    { ...seen, by: life('n3'), sees: 'stalled' as const, phi: 0, loopMs: 5_000, actor: 'n2/user/a', at: 'app.ts:4' },
  ];
  const voters = ['n1', 'n3'] as never; // as above
  const lines = rendered([{ ...well('n2'), status: 'degraded', reason: 'stalled', evidence, voters }]);
  expect(lines.slice(2)).toEqual([
    'n2    degraded  60 s  stalled  serving  0.1.0    life-n2',
    '  n2: n1 sees it silent (silent for 400 ms, phi 9.3)',
    '  n2: n3 sees it stalled (silent for 400 ms, loop still for 5 s, in n2/user/a at app.ts:4)',
    '  n2: agreed by n1, n3',
  ]);
});

it('a node that says nothing, or lags behind the log, is shown as that; lives that are over follow', () => {
  const missing = [{ node: 'n2', error: { name: 'AskTimeoutError', message: 'Node "n2" did not answer in 1000 ms.' } }];
  const departed = [{ ...well('n3'), status: 'down' as const, reason: 'gone' as const }];
  const lines = rendered([well('n1'), well('n2')], { nodes: [serving('n1', 10)], missing, departed });
  expect(lines.slice(2)).toEqual([
    'n1    alive   60 s  joined   serving, 2 behind  0.1.0    life-n1',
    'n2    alive   60 s  joined   nothing            0.1.0    life-n2',
    'n2 is not in this: Node "n2" did not answer in 1000 ms.',
    'gone: n3 (life life-n3) 60 s ago, gone',
  ]);
});

it('a node that drains hands over', () => {
  const [, , line = ''] = rendered([{ ...well('n2'), status: 'draining', reason: 'draining' }]);
  expect(line).toMatch(/^n2 +draining +60 s +draining +handing over +0\.1\.0/);
});
