import { defineActor, MemoryBudget, startSystem } from 'jaegis';

// All mailboxes together, and of them those of images, where one customer may have a third.
const all = new MemoryBudget({ name: 'mailboxes', maxBytes: 64_000_000 });
const images = all.child({ name: 'images', maxBytes: 900_000, tenantBytes: 300_000 });

const resizer = defineActor('resizer', {
  mailbox: { memory: { budget: images, tenant: (message) => (message as { for?: string }).for } },
  state: () => 0,
  on: {
    resize: async (_state, message: { for: string; image: Uint8Array }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { reply: `${message.image.length} bytes for ${message.for}` };
    },
  },
});

await using system = startSystem({ memory: { budget: all } }); // all other mailboxes
const ref = await system.spawn(resizer);
const image = new Uint8Array(100_000); // counts a third more, as in a text
const resize = (customer: string) =>
  ref.ask({ type: 'resize', for: customer, image }).catch((error: { code: string }) => `${customer}: ${error.code}`);

for (const outcome of await Promise.all(['loud', 'loud', 'loud', 'quiet'].map(resize))) console.log(outcome);
// prints: 100000 bytes for loud
// prints: 100000 bytes for loud
// prints: loud: overloaded
// prints: 100000 bytes for quiet

console.log(images.usedBytes, images.view.refused); // prints: 0 1
