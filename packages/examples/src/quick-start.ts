import { defineActor, defineApp, startNode } from 'jaegis';

// A durable entity: its state outlives the crash of its handler, its process and its machine.
const cart = defineActor('cart', {
  state: () => ({ items: [] as string[] }),
  on: {
    add: (state, message: { item: string }) => {
      const items = [...state.items, message.item];
      return { state: { items }, reply: items.length };
    },
    list: (state) => ({ reply: state.items }),
  },
});

await using node = await startNode({ nats: 'embedded', app: defineApp({ entities: [cart] }) });

const mine = node.entity(cart, 'cart-7');
await mine.ask({ type: 'add', item: 'bread' });
console.log(await mine.ask({ type: 'add', item: 'salt' })); // prints: 2
console.log((await mine.ask({ type: 'list' })).join(' and ')); // prints: bread and salt
