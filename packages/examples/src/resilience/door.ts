import { defineActor, startSystem } from 'jaegis';

let failures = 2; // so often it crashes
const teller = defineActor('teller', {
  state: () => ({ paid: 0 }),
  on: {
    pay: (state, { amount }: { amount: number }) => {
      if (failures-- > 0) throw new Error('no connection');
      return { state: { paid: state.paid + amount }, reply: state.paid + amount };
    },
  },
});

await using system = startSystem({ logLevel: 'silent', restartLimit: { intensity: 10 } });

// One actor with a policy of its own. `policy` in the definition is for all of its type.
const desk = await system.spawn(teller, {
  name: 'desk',
  policy: { breaker: { failures: 2, openMs: 60_000 }, bulkhead: { limit: 5, maxQueue: 10 } },
});
const pay = () => desk.ask({ type: 'pay', amount: 5 }).catch(({ code }: { code: string }) => code);

console.log(await pay()); // prints: actor_crashed
console.log(await pay()); // prints: actor_crashed
// Whoever asks now is refused at the door, and the actor, which has been restarted twice, is left alone.
console.log(await pay()); // prints: breaker_open
const { breaker, underWay, refused } = system.report(desk, 'types')?.policy ?? {};
console.log(breaker, underWay, refused); // prints: open 0 1

// A tell has nobody who could be refused: it passes beside the policy.
desk.tell({ type: 'pay', amount: 1 });

// A retry asks again once the supervisor has restarted the actor.
const retry = { tries: 3, backoff: { kind: 'constant', delayMs: 1 } } as const;
const window = await system.spawn(teller, { name: 'window', policy: { retry } });
failures = 2;
console.log(await window.ask({ type: 'pay', amount: 7 })); // prints: 7
