/**
 * A node of `kept-policies.test.ts`, which says what its breaker lets through, and then has it open. Arguments: the
 * cluster, addresses of servers. Ends when its parent is gone.
 */
import { createPolicy, onParentGone, startNode } from 'jaegis';

const [, , cluster = '', nats = ''] = process.argv;

onParentGone(() => process.exit(0));
const prices = createPolicy({ name: 'prices', breaker: { failures: 1, openMs: 3_600_000 } });
await startNode({
  name: 'n1',
  cluster,
  nats: nats.split(','),
  policies: [prices],
  keepPolicies: true,
  logLevel: 'silent',
  threads: 1,
});
console.log(`at first ${await prices.run(() => 'well').catch(({ code }) => code)}`);
await prices.run(() => Promise.reject(new Error('down'))).catch(() => {});
console.log(`then ${await prices.run(() => 'well').catch(({ code }) => code)}`);
