/** The obligations of the transport port, for any adapter. */
import type { Delivery, Transport } from '@jaegis/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { Fence } from './fence.ts';
import { bytes, text, uniqueName, until, type World } from './world.ts';

export function transportContract(adapter: string, makeWorld: () => World): void {
  describe(`transport, ${adapter}`, () => {
    const world = makeWorld();
    beforeEach(() => fence.reset());
    delivers(world);
    answersForNobody(world);
    bearsMistakes(world);
    survivesALoss(world);
    closes(world);
  });
}

const fence = new Fence();

async function transportOf(world: World, options?: { sendBufferBytes: number }): Promise<Transport> {
  const { transport } = await world.connect(options);
  fence.add(transport);
  return transport;
}

/** A subscription that is known to the servers of all transports. */
async function collect(transport: Transport, subject: string, queue?: string) {
  const got: Delivery[] = [];
  const subscription = transport.subscribe(
    subject,
    (delivery) => got.push(delivery),
    queue === undefined ? {} : { queue },
  );
  await fence.pass();
  return {
    got,
    texts: () => got.map(({ data }) => text(data)),
    subjects: () => got.map(({ subject }) => subject),
    stop: () => subscription.unsubscribe(),
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

function delivers(world: World): void {
  test('a message arrives with its subject, its data and its reply subject', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const subject = uniqueName();
    const inbox = await collect(b, subject);
    a.publish(subject, bytes('hello'), { replyTo: 'answers.here' });
    a.publish(subject, bytes('no reply wanted'));
    await fence.pass();
    expect(inbox.got).toEqual([
      { subject, data: bytes('hello'), replyTo: 'answers.here', noResponders: false },
      { subject, data: bytes('no reply wanted'), replyTo: undefined, noResponders: false },
    ]);
  });

  test('a publisher that listens hears itself, and every subscription gets its own', async () => {
    const a = await transportOf(world);
    const subject = uniqueName();
    const [first, second] = [await collect(a, subject), await collect(a, subject)];
    a.publish(subject, bytes('x'));
    await fence.pass();
    expect([first.texts(), second.texts()]).toEqual([['x'], ['x']]);
  });

  test('a star stands for one token and a last > for one or more', async () => {
    const a = await transportOf(world);
    const root = uniqueName();
    const star = await collect(a, `${root}.*.end`);
    const rest = await collect(a, `${root}.x.>`);
    for (const tail of ['x.end', 'y.end', 'x', 'x.y.end', 'end', 'x.end.y']) a.publish(`${root}.${tail}`, bytes(''));
    await fence.pass();
    expect(star.subjects()).toEqual([`${root}.x.end`, `${root}.y.end`]);
    expect(rest.subjects()).toEqual([`${root}.x.end`, `${root}.x.y.end`, `${root}.x.end.y`]);
  });

  test('what one publisher sends to one subscription arrives in order and once', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const root = uniqueName();
    const inbox = await collect(b, `${root}.>`);
    for (const number of numbers(2_000)) a.publish(`${root}.${Number(number) % 3}`, bytes(number));
    await fence.pass();
    expect(inbox.texts()).toEqual(numbers(2_000));
  });

  test('subscriptions of one queue share, others get all', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const subject = uniqueName();
    const shared = [await collect(a, subject, 'q'), await collect(b, subject, 'q'), await collect(b, subject, 'q')];
    const other = await collect(b, subject, 'r');
    const plain = await collect(b, subject);
    for (const number of numbers(200)) a.publish(subject, bytes(number));
    await fence.pass();
    const together = shared.flatMap(({ texts }) => texts()).map(Number);
    expect(together.sort((x, y) => x - y)).toEqual(numbers(200).map(Number));
    expect(shared.filter(({ got }) => got.length > 0).length).toBeGreaterThan(1);
    expect([other.texts(), plain.texts()]).toEqual([numbers(200), numbers(200)]);
  });

  test('an ended subscription gets nothing more, and ending it again does nothing', async () => {
    const a = await transportOf(world);
    const subject = uniqueName();
    const [ended, stays] = [await collect(a, subject), await collect(a, subject)];
    a.publish(subject, bytes('before'));
    await fence.pass();
    ended.stop();
    ended.stop();
    a.publish(subject, bytes('after'));
    await fence.pass();
    expect([ended.texts(), stays.texts()]).toEqual([['before'], ['before', 'after']]);
  });

  test('a message of 200,000 bytes and one of the largest size arrive whole', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const subject = uniqueName();
    const inbox = await collect(b, subject);
    const messages = [200_000, a.maxPayload].map((size) => new Uint8Array(size).map((_, index) => index % 251));
    for (const message of messages) a.publish(subject, message);
    await fence.pass();
    expect(inbox.got.map(({ data }) => Buffer.compare(data, messages[0] ?? data))).toEqual([0, 1]);
    expect(Buffer.compare(inbox.got[1]?.data ?? bytes(''), messages[1] ?? bytes('no'))).toBe(0);
  });
}

function answersForNobody(world: World): void {
  test('a request that nobody listens to is answered with noResponders', async () => {
    const a = await transportOf(world);
    const [subject, reply] = [uniqueName(), uniqueName()];
    const inbox = await collect(a, `${reply}.*`);
    a.publish(subject, bytes('anyone?'), { replyTo: `${reply}.1` });
    await fence.pass();
    expect(inbox.got).toEqual([{ subject: `${reply}.1`, data: bytes(''), replyTo: undefined, noResponders: true }]);
  });

  test('a request that somebody listens to is not, nor a message without reply subject', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const [subject, reply] = [uniqueName(), uniqueName()];
    const [server, inbox] = [await collect(b, subject), await collect(a, reply)];
    a.publish(subject, bytes('x'), { replyTo: reply });
    a.publish(uniqueName(), bytes('x'));
    await fence.pass();
    expect([server.texts(), inbox.got]).toEqual([['x'], []]);
  });

  test('when the only listener closes, the next request is answered with noResponders', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const [subject, reply] = [uniqueName(), uniqueName()];
    await collect(b, subject);
    const inbox = await collect(a, reply);
    await b.close();
    // The server hears of the end of a connection some time after its client.
    while (!inbox.got.some(({ noResponders }) => noResponders)) {
      a.publish(subject, bytes('x'), { replyTo: reply });
      await fence.pass();
    }
  });

  test('an empty answer of a real listener is not noResponders', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const [subject, reply] = [uniqueName(), uniqueName()];
    b.subscribe(subject, ({ replyTo }) => b.publish(replyTo ?? '', bytes('')));
    await b.flush();
    const inbox = await collect(a, reply);
    a.publish(subject, bytes('x'), { replyTo: reply });
    await until(() => inbox.got.length === 1);
    expect(inbox.got[0]?.noResponders).toBe(false);
  });
}

function bearsMistakes(world: World): void {
  test('a handler that throws is logged, and it and the others get what comes next', async () => {
    const a = await transportOf(world);
    const subject = uniqueName();
    const seen: (string | undefined)[] = [];
    a.subscribe(subject, ({ data }) => {
      seen.push(text(data));
      throw new Error('broken handler');
    });
    const other = await collect(a, subject);
    a.publish(subject, bytes('1'));
    a.publish(subject, bytes('2'));
    await fence.pass();
    expect([seen, other.texts()]).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
    expect(world.errors).toEqual(['A handler of a subscription threw', 'A handler of a subscription threw']);
  });

  test.each(['', 'a b', 'a.*', 'a.>', 'a..b', '.a', 'a.'])('nothing can be published to %j', async (subject) => {
    const a = await transportOf(world);
    expect(() => a.publish(subject, bytes('x'))).toThrow(expect.objectContaining({ code: 'invariant_broken' }));
  });

  test('data above the largest size is refused, and the transport goes on', async () => {
    const a = await transportOf(world);
    const subject = uniqueName();
    const inbox = await collect(a, subject);
    const publish = () => a.publish(subject, new Uint8Array(a.maxPayload + 1));
    expect(publish).toThrow(expect.objectContaining({ code: 'not_serializable' }));
    a.publish(subject, bytes('small'));
    await fence.pass();
    expect(inbox.texts()).toEqual(['small']);
  });
}

function survivesALoss(world: World): void {
  test('a lost connection is told, comes back by itself, and so do its subscriptions', async () => {
    const [a, b] = [await transportOf(world), await transportOf(world)];
    const subject = uniqueName();
    const inbox = await collect(b, subject);
    const statuses: string[] = [];
    const silent: string[] = [];
    a.onStatus((status) => statuses.push(status));
    a.onStatus((status) => silent.push(status)).unsubscribe();
    expect(a.connected).toBe(true);
    await world.loseServer();
    await until(() => !a.connected && !b.connected);
    await world.restoreServer();
    await until(() => a.connected && b.connected);
    // Until the subscription is known to all servers again.
    while (inbox.got.length === 0) {
      a.publish(subject, bytes('again'));
      await fence.pass();
    }
    expect([inbox.texts()[0], statuses, silent]).toEqual(['again', ['disconnected', 'connected'], []]);
  });

  test('what is published during the loss arrives after it, in order, also what is subscribed then', async () => {
    const a = await transportOf(world);
    const [early, late, ended] = [uniqueName(), uniqueName(), uniqueName()];
    const before = await collect(a, early);
    const goes = await collect(a, ended);
    await world.loseServer();
    await until(() => !a.connected);
    const after: (string | undefined)[] = [];
    a.subscribe(late, ({ data }) => after.push(text(data)));
    goes.stop();
    for (const subject of [early, late, ended]) {
      for (const number of numbers(50)) a.publish(subject, bytes(number));
    }
    const flushed = a.flush();
    await world.restoreServer();
    await flushed;
    await fence.pass();
    expect([before.texts(), after, goes.texts()]).toEqual([numbers(50), numbers(50), []]);
  });

  test('beyond its bound publish throws, and what it took before is sent', async () => {
    const a = await transportOf(world, { sendBufferBytes: 10_000 });
    const subject = uniqueName();
    const inbox = await collect(a, subject);
    await world.loseServer();
    await until(() => !a.connected);
    a.publish(subject, new Uint8Array(9_000));
    const publish = () => a.publish(subject, new Uint8Array(2_000));
    expect(publish).toThrow(expect.objectContaining({ code: 'transport_unavailable' }));
    await world.restoreServer();
    await until(() => inbox.got.length === 1);
    await a.flush();
    publish();
    await until(() => inbox.got.length === 2);
    expect(inbox.got.map(({ data }) => data.length)).toEqual([9_000, 2_000]);
  });

  test('when data fills the buffer control is taken still, within a bound, and leaves before the data', async () => {
    const a = await transportOf(world, { sendBufferBytes: 100_000 });
    const subject = uniqueName();
    const inbox = await collect(a, subject);
    await world.loseServer();
    await until(() => !a.connected);
    const fillWith = (size: number, lane: 'control' | 'data') => {
      for (let count = 0; ; count++) {
        try {
          a.publish(subject, new Uint8Array(size), { lane });
        } catch (error) {
          expect(error).toMatchObject({ code: 'transport_unavailable' });
          return count;
        }
      }
    };
    const [data, control] = [fillWith(1_000, 'data'), fillWith(100, 'control')];
    expect([data, control]).toEqual([expect.toSatisfy((n) => n > 90), expect.toSatisfy((n) => n > 50)]);
    await world.restoreServer();
    await until(() => inbox.got.length === data + control);
    const sizes = inbox.got.map((delivery) => delivery.data.length);
    expect(sizes).toEqual([...numbers(control).map(() => 100), ...numbers(data).map(() => 1_000)]);
  });

  test('more than the bound can be sent when the server keeps up', async () => {
    const a = await transportOf(world, { sendBufferBytes: 300_000 });
    const subject = uniqueName();
    const inbox = await collect(a, subject);
    for (const _ of numbers(20)) {
      a.publish(subject, new Uint8Array(100_000));
      await a.flush();
    }
    expect(inbox.got).toHaveLength(20);
  });
}

function closes(world: World): void {
  test('after close every call is refused, but to close again', async () => {
    const a = await transportOf(world);
    const statuses: string[] = [];
    const subscription = a.subscribe(uniqueName(), () => {});
    a.onStatus((status) => statuses.push(status));
    await a.close();
    const closed = expect.objectContaining({ code: 'transport_closed' });
    expect(() => a.publish('x', bytes(''))).toThrow(closed);
    expect(() => a.subscribe('x', () => {})).toThrow(closed);
    expect(() => a.onStatus(() => {})).toThrow(closed);
    await expect(a.flush()).rejects.toMatchObject({ code: 'transport_closed' });
    await a.close();
    subscription.unsubscribe();
    expect([a.connected, statuses]).toEqual([false, ['closed']]);
  });

  test('what was published before close arrives, and nothing is handed to who has closed', async () => {
    const [a, b, c] = [await transportOf(world), await transportOf(world), await transportOf(world)];
    const subject = uniqueName();
    const [open, closed] = [await collect(b, subject), await collect(c, subject)];
    await c.close();
    a.publish(subject, bytes('last words'));
    await a.close();
    await until(() => open.got.length > 0);
    expect([open.texts(), closed.texts()]).toEqual([['last words'], []]);
  });

  test('a flush that waits for a lost connection ends with close', async () => {
    const a = await transportOf(world);
    await world.loseServer();
    await until(() => !a.connected);
    const flushed = a.flush();
    const ended = expect(flushed).rejects.toMatchObject({ code: 'transport_closed' });
    await a.close();
    await ended;
    await world.restoreServer();
  });
}
