import { stripVTControlCharacters } from 'node:util';
import type { PoliciesAnswer, TuneAnswer } from 'jaegis';
import { expect, it } from 'vitest';
import { renderPolicies, renderTuned } from './render-policies.ts';

const rendered = (more: Partial<PoliciesAnswer>) =>
  renderPolicies({ cluster: 'shop', epoch: 1, nodes: [], missing: [], ...more }).map(stripVTControlCharacters);

it('each part is a line with its node, its policy and its state, where what is 0 is left out', () => {
  const parts = [
    { name: 'bulkhead', state: { limit: 20, inFlight: 3, queued: 0, refused: 0, shares: [{ tenant: 'a' }] } },
    { name: 'retry', state: { tries: 3, retries: 4, budget: { tokens: 9.04 } } },
    {
      name: 'breaker',
      state: { name: 'payments', state: 'open', calls: 12, failures: 5, slow: 0, retryAfterMs: 9_500 },
    },
    { name: 'fallback', state: {} },
  ];
  expect(rendered({ nodes: [{ node: 'n1', policies: [{ name: 'payments', parts }] }] })).toEqual([
    'node  policy    part      state',
    'n1    payments  bulkhead  limit 20, inFlight 3, shares 1',
    'n1    payments  retry     tries 3, retries 4, budget.tokens 9',
    'n1    payments  breaker   open, calls 12, failures 5, retryAfterMs 9,500',
    'n1    payments  fallback  -',
  ]);
});

it('that there are none is said, and who did not answer', () => {
  const missing = [{ node: 'n2', error: { name: 'AskTimeoutError', message: 'did not answer' } }];
  expect(rendered({ nodes: [{ node: 'n1', policies: [] }], missing })).toEqual([
    'The nodes were given no policies.',
    'n2 is not in this: did not answer',
  ]);
});

it('what came of an order is said of each node', () => {
  const policy = { name: 'payments', parts: [{ name: 'breaker', state: { state: 'closed' } }] };
  const answer: TuneAnswer = {
    cluster: 'shop',
    epoch: 1,
    policy: 'payments',
    nodes: [{ node: 'n1', policy }],
    without: ['n2', 'n3'],
    missing: [{ node: 'n4', error: { name: 'AskTimeoutError', message: 'Node "n4" did not answer in 1000 ms.' } }],
  };
  expect(renderTuned(answer).map(stripVTControlCharacters)).toEqual([
    'node  policy    part     state',
    'n1    payments  breaker  closed',
    'There is no payments on n2, n3.',
    'n4 did not do it: Node "n4" did not answer in 1000 ms.',
  ]);
});
