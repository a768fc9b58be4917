import { defineActor, startSystem } from 'jaegis';

const stock = defineActor('stock', {
  state: () => ({ bread: 2 }),
  on: {
    // State in, state out. What a handler returns is its new state, its reply, or both.
    take: (state, message: { count: number }) =>
      message.count > state.bread ? { reply: false } : { state: { bread: state.bread - message.count }, reply: true },
    // Async: the next message waits until this one is done. `signal` aborts when the asker gives up.
    count: async (state, _message, { signal }) => {
      signal.throwIfAborted();
      return { reply: state.bread };
    },
  },
});

const clerk = defineActor('clerk', {
  state: (_key, context) => context.spawn(stock, 'stock'), // a child: it ends with its parent
  on: {
    sell: async (shelf, message: { count: number }, context) => {
      const isSold = await context.ask(shelf, { type: 'take', count: message.count });
      return { reply: isSold ? 'sold' : `only ${await context.ask(shelf, { type: 'count' })} left` };
    },
  },
});

await using system = startSystem();
const ref = await system.spawn(clerk, { name: 'clerk' });
console.log(await ref.ask({ type: 'sell', count: 1 })); // prints: sold
console.log(await ref.ask({ type: 'sell', count: 5 }, { timeoutMs: 1_000 })); // prints: only 1 left
