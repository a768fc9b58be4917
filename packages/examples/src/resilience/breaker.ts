import { createPolicy } from 'jaegis';

const database = createPolicy({ name: 'database', breaker: { failures: 2, openMs: 20, successes: 1 } });
database.onEvent((event) => {
  if ('part' in event && event.part === 'breaker') console.log(event.type);
});

let isDown = true;
let asked = 0;
const query = async () => {
  asked++;
  if (isDown) throw new Error('down');
  return 'rows';
};
const ask = () => database.run(query).catch((error: Error & { code?: string }) => error.code ?? error.message);

console.log(await ask()); // prints: down
console.log(await ask());
// The second failure opens it, and still gets its own error.
// prints: opened
// prints: down
console.log(await ask());
// The next call is refused, and nothing is asked.
// prints: refused
// prints: breaker_open
console.log(asked); // prints: 2

isDown = false;
for (let state = 'breaker_open'; state === 'breaker_open'; ) {
  await new Promise((resolve) => setTimeout(resolve, 30));
  state = await ask();
}
// After its wait the first call is a probe, which closes it.
// prints: half_opened
// prints: closed
console.log(asked); // prints: 3
