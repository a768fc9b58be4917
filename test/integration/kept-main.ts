/**
 * A node of `kept-policies.test.ts`, which says what its breaker lets through, and then has it open. Arguments: the
 * cluster, addresses of servers. Ends when its parent is gone.
 */
import { createPolicy, defineActor, defineApp, onParentGone, startNode } from 'jaegis';

const [, , cluster = '', nats = ''] = process.argv;

onParentGone(() => process.exit(0));
const prices = createPolicy({ name: 'prices', breaker: { failures: 1, openMs: 3_600_000 } });
const till = defineActor('till', {
  policy: { breaker: { failures: 1, openMs: 3_600_000 } },
  state: () => 0,
  on: {
    fail: () => {
      throw new Error('no paper');
    },
  },
});
const node = await startNode({
  name: 'n1',
  app: defineApp({ actors: [{ definition: till, name: 'till' }] }),
  cluster,
  nats: nats.split(','),
  policies: [prices],
  keepPolicies: true,
  logLevel: 'silent',
  threads: 1,
});
console.log(`at first ${await prices.run(() => 'well').catch(({ code }) => code)}`);
const fail = () =>
  node
    .actor<{ fail: { message: { type: 'fail' }; reply: never } }>('n1/user/till')
    .ask({ type: 'fail' })
    .catch(({ code }) => code);
console.log(`its type at first ${await fail()}`);
console.log(`its type then ${await fail()}`);
await prices.run(() => Promise.reject(new Error('down'))).catch(() => {});
console.log(`then ${await prices.run(() => 'well').catch(({ code }) => code)}`);
