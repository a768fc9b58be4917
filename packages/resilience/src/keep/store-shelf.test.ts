import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { StoreShelf } from './store-shelf.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

async function stage() {
  const world = createSimWorld({ seed: 1 });
  const done = <Result>(work: Promise<Result>) => world.clock.runUntilSettled(work);
  const store = await done(world.connect('n1').openStore({ name: 'BREAKERS' }));
  return { done, shelf: (owner: string) => new StoreShelf(store, owner) };
}

test('what is on the shelf is what was written last, by whichever life of its owner', async () => {
  const { done, shelf } = await stage();
  const [former, later] = [shelf('n 1'), shelf('n 1')];
  expect(await done(former.read('the db'))).toBeUndefined();
  for (const [life, text] of [
    [former, 'a'],
    [former, 'b'],
    [later, 'c'],
    [former, 'd'],
    [later, 'e'],
  ] as const) {
    await done(life.write('the db', bytes(text)));
    expect(await done(shelf('n 1').read('the db'))).toEqual(bytes(text));
  }
});

test('others with the same store do not see it', async () => {
  const { done, shelf } = await stage();
  await done(shelf('n').write('1.db', bytes('a')));
  for (const owner of ['n1', 'n.1', 'N']) expect(await done(shelf(owner).read('db'))).toBeUndefined();
  expect(await done(shelf('n.1').read('db'))).toBeUndefined();
});
