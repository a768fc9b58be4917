/** What a wire promises when the network fails or its receiver does not keep up. */
import { limits, NotOwnerError, TransportUnavailableError } from '@jaegis/core';
import { expect, test } from 'vitest';
import { frames, packets, readPacket, whatIs } from './packet.ts';
import { NotReachedError } from './sending.ts';
import { type Any, asking, here, member, pair, there } from './wire.test-pair.ts';

const numbered = (n: number): Any => ({ type: 'n', n });
const inOrder = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Two nodes, the other of which keeps what it hears. `tell` and `ask` send the next numbers. */
async function counting(options: Parameters<typeof pair>[2] = {}) {
  const heard: number[] = [];
  const both = await pair(
    (_to, message, ask) => {
      heard.push(message.n as number);
      ask?.reply(message.n);
    },
    undefined,
    options,
  );
  let n = 0;
  const next = (): Any => ({ type: 'n', n: n++, padding: 'x'.repeat(50) });
  const tell = () => both.mine.tell(there, '/user/a', next());
  const ask = (leftMs = 60_000) => both.mine.ask(there, 'there/user/a', asking(next(), leftMs), undefined);
  return { ...both, heard, tell, ask };
}

test('what was lost between two nodes is sent again when it is missed, in order, each once', async () => {
  const { world, heard, tell } = await counting();
  tell();
  await world.clock.advance(10);
  world.network.cut('here', 'there');
  for (let turn = 0; turn < 3; turn++) {
    tell();
    await world.clock.advance(5);
  }
  world.network.heal('here', 'there');
  tell();
  await world.clock.advance(20);
  expect(heard).toEqual(inOrder(5));
});

test('what was lost is also found when nothing comes after it', async () => {
  const { world, mine, heard, tell, ask } = await counting();
  world.network.cut('here', 'there');
  tell();
  const reply = ask();
  await world.clock.advance(50);
  world.network.heal('here', 'there');
  expect(await world.clock.runUntilSettled(reply)).toBe(1);
  expect(heard).toEqual([0, 1]);
  await world.clock.advance(1_000);
  expect(mine.traffic).toEqual([{ node: 'there', unacknowledgedBytes: 0, waitingBytes: 0 }]);
});

test.each(['here', 'there'])('a connection lost by the node %s loses and repeats nothing', async (node) => {
  const { world, heard, tell, returned } = await counting();
  for (let turn = 0; turn < 50; turn++) {
    tell();
    await world.clock.advance(0.3);
    if (turn === 20 && node === 'here') world.network.disconnect(node);
    if (turn === 30 && node === 'here') world.network.reconnect(node);
    // While the other node is away, the server would say that nobody listens there.
    if (turn === 20 && node === 'there') {
      world.network.disconnect(node);
      world.network.reconnect(node);
      await world.clock.advance(2);
    }
  }
  await world.clock.advance(2_000);
  expect(heard).toEqual(inOrder(50));
  expect(returned).toEqual([]);
});

test('over a network that fails again and again, what is told arrives in order, each once', async () => {
  const { world, heard, tell, returned } = await counting({ windowBytes: 2_000 });
  const chance = world.random.fork('faults');
  for (let turn = 0; turn < 400; turn++) {
    for (let more = chance.next() * 4; more > 0; more--) tell();
    if (chance.next() < 0.1) world.network.cut('here', 'there');
    if (chance.next() < 0.3) world.network.heal('here', 'there');
    await world.clock.advance(chance.next() * 5);
  }
  world.network.healAll();
  await world.clock.advance(20_000);
  expect(heard.length).toBeGreaterThan(400);
  expect(heard).toEqual(inOrder(heard.length));
  expect(returned).toEqual([]);
});

test('an ask that is answered costs no packet for its acknowledgement, and a tell costs one', async () => {
  const { world, ask, tell } = await counting();
  const spied: number[] = [];
  const spy = world.connect('spy of all').transport;
  spy.subscribe('jaegis.c.>', ({ data }) => spied.push(whatIs(data)));
  await world.clock.runUntilSettled(spy.flush());
  for (let count = 0; count < 3; count++) await world.clock.runUntilSettled(ask());
  await world.clock.advance(5_000);
  expect(spied).toEqual([1, 3, 1, 3, 1, 3]);
  tell();
  await world.clock.advance(5_000);
  expect(spied.slice(6)).toEqual([1, 3]);
});

test('what the receiver has not taken in is bounded: then it waits, and then it is refused with the limit', async () => {
  const { world, mine, heard, tell, ask } = await counting({ windowBytes: 40_000, waitingBytes: 80_000 });
  world.network.cut('here', 'there');
  let accepted = 0;
  const flood = () => {
    for (;;) {
      tell();
      accepted++;
    }
  };
  expect(flood).toThrow(
    expect.objectContaining({ code: 'overloaded', data: { node: 'there', limit: 80_000, option: 'wireWaitingBytes' } }),
  );
  await expect(ask()).rejects.toMatchObject({ code: 'overloaded', data: { node: 'there' } });
  const [traffic] = mine.traffic;
  expect(traffic?.unacknowledgedBytes).toBeGreaterThan(20_000);
  expect(traffic?.unacknowledgedBytes).toBeLessThanOrEqual(40_000);
  expect(traffic?.waitingBytes).toBeGreaterThan(40_000);
  expect(traffic?.waitingBytes).toBeLessThanOrEqual(80_000);
  world.network.heal('here', 'there');
  await world.clock.advance(5_000);
  expect(heard).toEqual(inOrder(accepted));
  expect(() => tell()).not.toThrow();
});

test('the more members there are, the less each may have on its way to one of them', async () => {
  const { world, mine, tell } = await counting();
  const others = Array.from({ length: 1_000 }, (_, n) => member(`n${n}`));
  mine.onView({ epoch: 2, members: [here, there, ...others] });
  world.network.cut('here', 'there');
  for (let count = 0; count < 2_000; count++) tell();
  await world.clock.advance(10);
  const [traffic] = mine.traffic;
  expect(traffic?.unacknowledgedBytes).toBeLessThanOrEqual(limits.wireInboundBytes / 1_000);
  expect(traffic?.waitingBytes).toBeGreaterThan(100_000);
});

test('what waits for one node keeps nothing from another', async () => {
  const { world, mine, tell } = await counting({ windowBytes: 1_000, waitingBytes: 5_000 });
  world.network.cut('here', 'there');
  expect(() => {
    for (;;) tell();
  }).toThrow();
  mine.open(here);
  const own = mine.ask(here, 'here', asking({ type: 'x' }, 50), undefined);
  await expect(world.clock.runUntilSettled(own)).rejects.toMatchObject({ code: 'ask_timeout' });
  expect(mine.traffic).toMatchObject([{ node: 'there' }, { node: 'here', unacknowledgedBytes: 0 }]);
});

test('an ask that is given up while it waits for room is not sent', async () => {
  const { world, mine, heard, tell } = await counting({ windowBytes: 1_000, waitingBytes: 100_000 });
  world.network.cut('here', 'there');
  for (let count = 0; count < 20; count++) tell();
  const controller = new AbortController();
  const ask = mine.ask(there, 'there', asking(numbered(-1)), controller.signal);
  await world.clock.advance(1);
  controller.abort();
  await expect(ask).rejects.toMatchObject({ code: 'cancelled' });
  tell();
  world.network.heal('here', 'there');
  await world.clock.advance(5_000);
  expect(heard.filter((n) => n >= 0)).toEqual(inOrder(21));
  expect(heard).not.toContain(-1);
});

test('word that an ask was given up does not wait behind messages', async () => {
  const { world, mine, theirs: _, tell } = await counting({ windowBytes: 1_000, waitingBytes: 100_000 });
  const control: number[] = [];
  world.connect('spy of there').transport.subscribe('jaegis.c.node.there.1.in', ({ data }) => {
    if (whatIs(data) === 2) readPacket(data, (kind) => control.push(kind));
  });
  await world.clock.advance(5);
  const controller = new AbortController();
  world.network.cut('here', 'there');
  const ask = mine.ask(there, 'there', asking(numbered(-1)), controller.signal).catch(() => 'given up');
  await world.clock.advance(1);
  for (let count = 0; count < 100; count++) tell();
  controller.abort();
  await world.clock.advance(10);
  expect(await ask).toBe('given up');
  expect(mine.traffic).toMatchObject([{ waitingBytes: expect.toSatisfy((bytes) => bytes > 5_000) }]);
  expect(control).toEqual([frames.cancel]);
});

test('acknowledgements and word that an ask was given up pass data that waits for the server; what asks for it does not', async () => {
  const { world, mine, transports, tell } = await counting();
  const left: unknown[] = [];
  for (const transport of transports) {
    const { publish } = transport;
    transport.publish = (subject, data, options) => {
      const kinds: number[] = [];
      readPacket(data, (kind) => kinds.push(kind));
      left.push([whatIs(data), kinds, options?.lane ?? 'data']);
      publish.call(transport, subject, data, options);
    };
  }
  const controller = new AbortController();
  const ask = mine.ask(there, 'there', asking(numbered(-1)), controller.signal).catch(() => {});
  await world.clock.runUntilSettled(ask);
  tell();
  await world.clock.advance(100);
  expect(left.splice(0)).toEqual([
    [packets.data, [frames.askActor], 'data'],
    [packets.replies, [frames.reply], 'data'],
    [packets.data, [frames.tellActor], 'data'],
    [packets.replies, [], 'control'],
  ]);
  world.network.cut('here', 'there');
  const second = mine.ask(there, 'there', asking(numbered(-1)), controller.signal).catch(() => {});
  await world.clock.advance(1);
  controller.abort();
  await second;
  await world.clock.advance(600);
  expect(left).toEqual([
    [packets.data, [frames.askActor], 'data'],
    [packets.control, [frames.cancel], 'control'],
    [packets.control, [frames.probe], 'data'],
  ]);
});

test('tells to a node where nobody listens come back as undelivered, each once', async () => {
  const { world, mine, returned } = await counting();
  const nobody = member('nobody');
  for (const n of [1, 2]) mine.tell(nobody, '/user/a', numbered(n));
  mine.tell(nobody, ['cart', 'k'], numbered(3));
  await world.clock.advance(5_000);
  expect(returned.flatMap(({ tells }) => tells)).toMatchObject([
    { member: nobody, to: '/user/a', message: { n: 1 }, isUncertain: false, error: { code: 'node_down' } },
    { member: nobody, to: '/user/a', message: { n: 2 }, isUncertain: false },
    { member: nobody, to: ['cart', 'k'], message: { n: 3 }, isUncertain: false },
  ]);
});

test('tells to a node that leaves come back: as undelivered what never left, as uncertain what did', async () => {
  const { world, mine, returned, tell } = await counting({ windowBytes: 300, waitingBytes: 10_000 });
  tell();
  await world.clock.advance(1_000);
  world.network.cut('here', 'there');
  for (let count = 0; count < 5; count++) {
    tell();
    await world.clock.advance(1);
  }
  tell();
  mine.onView({ epoch: 2, members: [here] });
  const tells = returned.flatMap((more) => more.tells);
  expect(tells.map(({ message }) => (message as Any).n)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(tells.map(({ isUncertain }) => isUncertain)).toEqual([true, true, false, false, false, false]);
  expect(tells[0]?.error).toMatchObject({
    message: 'It was sent to node "there", which did not acknowledge it: it may have been delivered or not.',
    cause: { code: 'node_down' },
  });
  await world.clock.advance(5_000);
  expect(returned).toHaveLength(1);
});

/** The other node is one to which nobody else listens. It has been told once. */
async function alone() {
  const { tell: _, ask: __, ...both } = await counting();
  const { world, mine, theirs } = both;
  const lone = member('lone');
  theirs.open(lone);
  mine.onView({ epoch: 2, members: [here, lone] });
  let n = 0;
  const tell = () => mine.tell(lone, '/user/a', numbered(n++));
  const ask = () => mine.ask(lone, 'lone', asking(numbered(n++), 60_000), undefined);
  await world.clock.advance(10);
  tell();
  await world.clock.advance(100);
  return { ...both, tell, ask };
}

test('what nobody listens for is held while its node is in the view, as when it changes servers', async () => {
  const { world, heard, tell, ask, returned } = await alone();
  world.network.disconnect('there');
  for (let turn = 0; turn < 20; turn++) {
    tell();
    await world.clock.advance(10);
  }
  const reply = ask();
  await world.clock.advance(10);
  world.network.reconnect('there');
  expect(await world.clock.runUntilSettled(reply)).toBe(21);
  expect(heard).toEqual(inOrder(22));
  await world.clock.advance(5_000);
  expect(heard).toEqual(inOrder(22));
  expect(returned).toEqual([]);
});

test('what was held for a node that does not come back comes back as undelivered, after two seconds', async () => {
  const { world, tell, ask, returned } = await alone();
  world.network.disconnect('there');
  for (let turn = 0; turn < 3; turn++) {
    tell();
    await world.clock.advance(1);
  }
  const ended = expect(ask()).rejects.toMatchObject({ code: 'node_down' });
  await world.clock.advance(1_900);
  expect(returned).toEqual([]);
  await world.clock.advance(300);
  await ended;
  expect(returned.flatMap(({ tells }) => tells)).toMatchObject([
    { message: { n: 1 }, isUncertain: false },
    { message: { n: 2 }, isUncertain: false },
    { message: { n: 3 }, isUncertain: false },
  ]);
});

test('while nobody listens one packet at a time is tried again, whatever is held behind it', async () => {
  const { world, heard, tell, transports } = await alone();
  world.network.disconnect('there');
  for (let turn = 0; turn < 100; turn++) {
    tell();
    await world.clock.advance(1);
  }
  const transport = transports[0];
  if (transport === undefined) throw new Error('There are two.');
  const { publish } = transport;
  let left = 0;
  transport.publish = (...message) => {
    left++;
    publish.apply(transport, message);
  };
  await world.clock.advance(1_000);
  expect(left).toBeLessThan(30);
  world.network.reconnect('there');
  await world.clock.advance(200);
  expect(heard).toEqual(inOrder(101));
});

test('what was held comes back as soon as its node is out of the view', async () => {
  const { world, mine, tell, returned } = await alone();
  world.network.disconnect('there');
  tell();
  await world.clock.advance(100);
  expect(returned).toEqual([]);
  mine.onView({ epoch: 3, members: [here] });
  expect(returned).toHaveLength(1);
});

test('when a node leaves the view, what it surely has not taken in is told from what it may have', async () => {
  const { world, mine, tell, ask, returned } = await alone();
  const ends: string[] = [];
  const asked = () => {
    const kept = (error: unknown) => ends.push(error instanceof NotReachedError ? 'not reached' : 'uncertain');
    return ask().then(() => ends.push('answered'), kept);
  };
  const release = world.network.hold('there', 'down');
  tell();
  const asks = [asked()];
  await world.clock.advance(10);
  release();
  world.network.disconnect('there');
  tell();
  asks.push(asked());
  await world.clock.advance(75); // between two attempts
  mine.onView({ epoch: 3, members: [here] });
  await Promise.all(asks);
  expect(returned.flatMap(({ tells }) => tells.map(({ isUncertain }) => isUncertain))).toEqual([true, false]);
  expect(ends).toEqual(['uncertain', 'not reached']);
});

test('of very many tells that come back the newest are kept and the others counted', async () => {
  const { world, mine, returned } = await counting();
  const nobody = member('nobody');
  for (let n = 0; n < 1_500; n++) mine.tell(nobody, '/user/a', numbered(n));
  await world.clock.advance(1_000);
  const kept = returned.flatMap(({ tells }) => tells.map(({ message }) => (message as Any).n));
  expect(kept.length + returned.reduce((sum, { moreTells }) => sum + moreTells, 0)).toBe(1_500);
  expect(kept.at(-1)).toBe(1_499);
});

test('after nobody listened a node is reached again as soon as somebody does', async () => {
  const { world, mine, theirs, heard, returned } = await counting();
  const late = member('late');
  mine.tell(late, '/user/a', numbered(1));
  await world.clock.advance(10);
  theirs.open(late);
  await world.clock.advance(10);
  mine.tell(late, '/user/a', numbered(2));
  await world.clock.advance(10);
  expect(heard).toEqual([2]);
  expect(returned).toHaveLength(1);
});

test('when a connection is closed for good, what was told comes back and asks end', async () => {
  const { world, returned, tell, ask, transports } = await counting();
  world.network.cut('here', 'there');
  tell();
  const asked = expect(ask()).rejects.toMatchObject({ code: 'transport_closed' });
  await world.clock.advance(5);
  await world.clock.runUntilSettled(transports[0]?.close() ?? Promise.resolve());
  await asked;
  expect(returned.flatMap(({ tells }) => tells)).toMatchObject([{ isUncertain: true }]);
});

test('tells that their receiver does not take in come back with the reason', async () => {
  const { world, mine, returned } = await pair((to, { n }) => {
    if (n === 1) throw new NotOwnerError(`${to} is not here.`);
  });
  for (const n of [0, 1, 2]) mine.tell(there, ['cart', 'k'], numbered(n));
  await world.clock.advance(100);
  expect(returned.flatMap(({ tells }) => tells)).toMatchObject([
    { member: there, to: ['cart', 'k'], message: { n: 1 }, isRefused: true, error: { code: 'not_owner' } },
  ]);
});

test('what a full connection does not take leaves as soon as there is room', async () => {
  const { world, heard, tell, transports } = await counting();
  const transport = transports[0];
  if (transport === undefined) throw new Error('There are two.');
  const { publish } = transport;
  transport.publish = () => {
    throw new TransportUnavailableError('The buffer is full.');
  };
  tell();
  await world.clock.advance(6_000);
  transport.publish = publish;
  await world.clock.advance(50);
  expect(heard).toEqual([0]);
});

test('word of what is missing that comes late, over a server that was left, ends nothing', async () => {
  const { world, heard, tell, returned } = await counting();
  const late: [string, Uint8Array][] = [];
  const spy = world.connect('spy of replies').transport;
  spy.subscribe('jaegis.c.reply.>', ({ subject, data }) => {
    if (whatIs(data) !== packets.replies) return;
    readPacket(data, (kind) => kind === frames.again && late.push([subject, data]));
  });
  await world.clock.advance(5);
  world.network.cut('here', 'there');
  tell();
  await world.clock.advance(1);
  world.network.heal('here', 'there');
  for (let turn = 0; turn < 5; turn++) {
    tell();
    await world.clock.advance(50);
  }
  expect(late.length).toBeGreaterThan(0);
  world.network.cut('here', 'there');
  tell();
  for (const [subject, data] of [...late, ...late]) spy.publish(subject, data);
  await world.clock.advance(50);
  world.network.heal('here', 'there');
  await world.clock.advance(5_000);
  expect(heard).toEqual(inOrder(7));
  expect(returned).toEqual([]);
});
