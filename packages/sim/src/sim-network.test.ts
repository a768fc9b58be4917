/** The faults of the network, as nodes see them. What the port promises holds through all of them. */
import { expect, test } from 'vitest';
import { createSimWorld } from './sim-world.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

async function start(options: { readonly reorders?: boolean } = {}) {
  const world = createSimWorld({ seed: 1, ...options });
  const [a, b, c] = ['a', 'b', 'c'].map((name) => world.connect(name));
  if (!a || !b || !c) throw new Error('there are three');
  const heard: string[] = [];
  c.transport.subscribe('x', ({ data }) => heard.push(new TextDecoder().decode(data)));
  await world.clock.runUntilSettled(c.transport.flush());
  const say = (from: 'a' | 'b', text: string) => (from === 'a' ? a : b).transport.publish('x', bytes(text));
  return { world, a, b, c, heard, say };
}

test('a cut of one way leaves the other one', async () => {
  const { world, a, c, heard, say } = await start();
  const back: string[] = [];
  a.transport.subscribe('y', () => back.push('y'));
  const heal = world.network.cutOneWay('a', 'c');
  await world.clock.advance(10);
  say('a', 'lost');
  say('b', 'from b');
  c.transport.publish('y', bytes(''));
  await world.clock.advance(10);
  heal();
  say('a', 'healed');
  await world.clock.advance(10);
  expect([heard, back]).toEqual([['from b', 'healed'], ['y']]);
});

test('a share of what a node says and hears is lost, and the rest is in order', async () => {
  const { world, heard, say } = await start();
  const end = world.network.lose('a', 0.5);
  for (let n = 0; n < 200; n++) say('a', String(n));
  await world.clock.advance(100);
  expect(heard.length).toBeGreaterThan(60);
  expect(heard.length).toBeLessThan(140);
  expect(heard.map(Number)).toEqual(heard.map(Number).toSorted((x, y) => x - y));
  end();
  const before = heard.length;
  for (let n = 0; n < 50; n++) say('a', String(n));
  await world.clock.advance(100);
  expect(heard.length - before).toBe(50);
});

test('messages of different senders overtake each other where they may, those of one sender never', async () => {
  const { world, heard, say } = await start({ reorders: true });
  world.network.slow('c', { minMs: 0, maxMs: 50 });
  for (let n = 0; n < 50; n++) {
    say('a', `a ${n}`);
    say('b', `b ${n}`);
    await world.clock.advance(1);
  }
  await world.clock.advance(1_000);
  const of = (sender: string) => heard.filter((text) => text.startsWith(sender));
  expect(of('a')).toEqual(Array.from({ length: 50 }, (_, n) => `a ${n}`));
  expect(of('b')).toEqual(Array.from({ length: 50 }, (_, n) => `b ${n}`));
  const sent = Array.from({ length: 50 }, (_, n) => [`a ${n}`, `b ${n}`]).flat();
  expect(heard).not.toEqual(sent);
});

test('what is held on its way is given back in its order, unless the connection breaks', async () => {
  const { world, heard, say } = await start();
  const release = world.network.hold('a', 'up');
  for (const text of ['1', '2', '3']) say('a', text);
  await world.clock.advance(1_000);
  expect(heard).toEqual([]);
  release();
  await world.clock.advance(10);
  expect(heard).toEqual(['1', '2', '3']);
  const broken = world.network.hold('a', 'up');
  say('a', '4');
  await world.clock.advance(10);
  world.network.disconnect('a');
  broken();
  world.network.reconnect('a');
  await world.clock.advance(10);
  expect(heard).toEqual(['1', '2', '3']);
});

test('a process that hangs neither hears nor notices, and hears and notices all when it goes on', async () => {
  const { world, c, heard, say } = await start();
  const noticed: string[] = [];
  c.transport.onStatus((status) => noticed.push(status));
  const first = world.network.freeze('c');
  const second = world.network.freeze('c');
  say('a', 'meanwhile');
  await world.clock.advance(1_000);
  first();
  await world.clock.advance(10);
  expect(heard).toEqual([]);
  second();
  await world.clock.advance(10);
  expect(heard).toEqual(['meanwhile']);
  const third = world.network.freeze('c');
  world.network.disconnect('c');
  await world.clock.advance(10);
  expect(noticed).toEqual([]);
  third();
  expect(noticed).toEqual(['disconnected']);
});

test('of a stream without a leader nothing is read or written, of the others all is, and its readers go on by themselves', async () => {
  const { world, a, c } = await start();
  const open = (name: string) => a.openJournal({ name, subjects: [`${name}.>`] });
  const [one, two] = [await open('ONE'), await open('TWO')];
  const inbox = await c.openInbox({ name: 'INBOX', subjects: ['in.>'] });
  const read: string[] = [];
  void (async () => {
    for await (const { subject } of inbox.feed(['in.>'], new AbortController().signal)) read.push(subject);
  })();
  const append = (journal: typeof one, subject: string) =>
    world.clock.runUntilSettled(journal.append(subject, bytes(''), { expectedSequence: 0 }));
  world.storage.depose('ONE');
  await expect(append(one, 'ONE.a')).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(await append(two, 'TWO.a')).toBe(1);
  await world.clock.runUntilSettled(inbox.put('in.1', bytes(''), { id: '1' }));
  world.storage.elect('ONE');
  expect(await append(one, 'ONE.a')).toBe(1);
  world.network.disconnect('c');
  world.storage.depose('INBOX');
  world.network.reconnect('c');
  await world.clock.advance(100);
  world.storage.elect('INBOX');
  await world.clock.advance(100);
  expect(read).toEqual(['in.1']);
});
