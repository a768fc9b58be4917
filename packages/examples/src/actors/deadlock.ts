import { defineActor, hasCode, type Ref, startSystem } from 'jaegis';

type Friend = Ref<{ greet: { message: { via: Friend | undefined }; reply: string } }>;

const friend = defineActor('friend', {
  state: () => 0,
  on: {
    greet: async (_state, message: { via: Friend | undefined }, context): Promise<{ reply: string }> => {
      if (!message.via) return { reply: 'hello' };
      try {
        return { reply: await context.ask(message.via, { type: 'greet', via: context.self as unknown as Friend }) };
      } catch (error) {
        return { reply: hasCode(error, 'deadlock') ? (error as Error).message : 'something else' };
      }
    },
  },
});

await using system = startSystem();
const ann = await system.spawn(friend, { name: 'ann' });
const ben = await system.spawn(friend, { name: 'ben' });

// Ann asks Ben, who asks Ann, who waits: the circle is seen when it closes, and one ask is given up.
console.log(await ann.ask({ type: 'greet', via: ben }));
// prints: Deadlock: local/user/ben asks local/user/ann "greet" → local/user/ann asks local/user/ben "greet".
