import { defineActor, startSystem } from 'jaegis';
import { z } from 'zod';

const order = z.object({ item: z.string(), address: z.object({ street: z.string(), number: z.int() }) });

const shop = defineActor('shop', {
  schema: { order }, // zod, valibot, arktype: whatever speaks Standard Schema
  validate: 'always', // default: only what comes from outside the process
  state: () => 0,
  on: {
    order: (_state, message: z.infer<typeof order>) => ({ reply: `${message.item} to ${message.address.street}` }),
  },
});

await using system = startSystem();
const ref = await system.spawn(shop, { name: 'shop' });
const address = { street: 'High Street', number: 7 };
console.log(await ref.ask({ type: 'order', item: 'bread', address })); // prints: bread to High Street

const wrong = { ...address, number: 'seven' as unknown as number };
await ref.ask({ type: 'order', item: 'bread', address: wrong }).catch((error) => {
  console.log(error.code, error.data.path); // prints: invalid_message .address.number
});
