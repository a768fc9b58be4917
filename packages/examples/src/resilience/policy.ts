import { attemptsOf, createPolicy } from 'jaegis';

const rates = createPolicy({
  name: 'rates',
  fallback: () => 'yesterday',
  timeoutMs: 2_000, // for all tries and the waits between them
  bulkhead: { limit: 8, maxQueue: 16 },
  retry: { tries: 3, backoff: { kind: 'constant', delayMs: 1 } },
  breaker: { failures: 5, failuresMs: 30_000, openMs: 30_000 },
  tryTimeoutMs: 500, // for each try
});

let calls = 0;
const flaky = async () => {
  if (++calls < 3) throw new Error('busy');
  return 'today';
};
console.log(await rates.run(flaky)); // prints: today
console.log(calls); // prints: 3

// What happened, as a value: nothing is thrown.
const down = await rates.outcome(() => Promise.reject(new Error('down')));
console.log(down.ok && `${down.value}, by ${down.by}, after ${down.tries} tries`); // prints: yesterday, by fallback 1, after 3 tries

// Without a fallback the last error comes as it is, and carries those before it.
const strict = createPolicy({ retry: { tries: 3, backoff: { kind: 'constant', delayMs: 1 } } });
const error = await strict.run(() => Promise.reject(new Error('down'))).catch((failure: unknown) => failure);
console.log(attemptsOf(error).length); // prints: 2
