import { stripVTControlCharacters } from 'node:util';
import type { Incident } from 'jaegis';
import { expect, it } from 'vitest';
import { renderIncident } from './render-incident.ts';

const noon = new Date(2026, 0, 2, 12).getTime();
const said = (type: string, subject: string, detail: Incident['detail'], more: Partial<Incident> = {}) =>
  stripVTControlCharacters(
    renderIncident({ type, subject, by: ['n1'], firstMs: noon, lastMs: noon, count: 1, detail, ...more }, noon),
  );

it.each([
  ['node_down', 'n3', { silentMs: 1_500.4, noResponders: false }, 'node n3 is down: silent for 1.5 s'],
  ['node_down', 'n3', { noResponders: true }, 'node n3 is down: nobody listens at its address'],
  ['actor_crashed', 'n1/user/a', { error: 'as asked' }, 'n1/user/a crashed: as asked'],
  ['view_changed', '9', { members: ['n1', 'n2'] }, 'view 9: n1, n2'],
  ['leader_elected', '3', { leader: 'n2', term: 3 }, 'node n2 leads, term 3'],
  [
    'status_changed',
    'n3',
    { from: 'alive', to: 'suspect', reason: 'reported', voters: ['n1', 'n2'] },
    'node n3 is suspect, was alive: reported; agreed by n1, n2',
  ],
  [
    'node_stalled',
    'n3',
    { loopMs: 310, actor: 'n3/user/a', at: 'app.ts:4' },
    'the event loop of node n3 stands still, for 310 ms, in n3/user/a at app.ts:4',
  ],
  [
    'policy',
    'payments',
    {
      part: 'breaker',
      change: 'opened',
      breaker: 'payments',
      reason: { kind: 'failures', failures: 5 },
      retryAfterMs: 5_000,
    },
    'policy payments: its breaker is open: failures, for 5 s',
  ],
  [
    'policy',
    'payments',
    { part: 'breaker', change: 'closed', breaker: 'card', reason: 'recovered' },
    'policy payments: its breaker card is closed: recovered',
  ],
  [
    'policy',
    'payments',
    { part: 'bulkhead', change: 'refusing', refused: 7 },
    'policy payments: its bulkhead refuses calls, 7 since it said so last',
  ],
  [
    'policy',
    'payments',
    { part: 'breaker', change: 'tuned', set: { breaker: { openMs: 5 } } },
    'policy payments: its breaker was tuned: {"breaker":{"openMs":5}}',
  ],
  ['of_a_newer_version', 'x', { some: 1 }, 'of_a_newer_version {"some":1}'],
])('%s about %s is said in words', (type, subject, detail, expected) => {
  expect(said(type, subject, detail)).toBe(`12:00:00.000  ${expected}  says n1`);
});

it('what repeats is counted, and all who say it are named', () => {
  expect(said('node_joined', 'n2', {}, { count: 3, by: ['n1', 'n3'] })).toBe(
    '12:00:00.000  node n2 joined ×3  says n1, n3',
  );
});
