import { defineActor, startSystem } from 'jaegis';

const parser = defineActor('parser', {
  state: () => ({ parsed: 0 }),
  retry: { attempts: 2 }, // a message that crashes the actor is tried twice, then it is a dead letter
  record: 8, // the flight recorder keeps the last 8 messages
  on: {
    parse: (state, message: { text: string }) => {
      JSON.parse(message.text);
      return { state: { parsed: state.parsed + 1 }, reply: state.parsed + 1 };
    },
  },
});

await using system = startSystem({ logLevel: 'silent' });
system.onCrash(({ address, reason, message, history }) => {
  console.log(address, (reason as Error).name, message?.type, history.length);
});
const ref = await system.spawn(parser, { name: 'parser' });
await ref.ask({ type: 'parse', text: '1' });
await ref.ask({ type: 'parse', text: '{' }).catch((error) => console.log(error.code));
// prints: local/user/parser SyntaxError parse 1
// prints: local/user/parser SyntaxError parse 2
// prints: actor_crashed

// The state is as it was before the bad message.
console.log(await ref.ask({ type: 'parse', text: '2' })); // prints: 2

const [letter] = system.deadLetters.list();
console.log(letter?.reason, letter?.state, letter?.history?.length);
// prints: crashed { parsed: 1 } 2
if (letter) system.deadLetters.discard(letter.id);
