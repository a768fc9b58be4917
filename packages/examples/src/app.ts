import { defineActor, defineApp } from 'jaegis';

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

export default defineApp({ entities: [cart] });
