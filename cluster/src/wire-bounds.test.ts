/** What a node may send to another one is bounded: what waits, what passes it, and what becomes of it. */
import type { Ask } from '@jaegis/actors';
import { type Clock, type NetworkBounds, NodeDownError } from '@jaegis/core';
import { Bandwidth, type BandwidthOptions } from '@jaegis/resilience';
import { SeededRandom } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { type Any, asking, echo, pair, type Receive, there } from './wire.test-pair.ts';

const bytes = (size: number) => new Uint8Array(size).fill(7);
const noView = { epoch: 9, members: [] };

const apart = { control: 0.2, interactive: 0.4, bulk: 0.4 };

/** 100 kB a second, of which 40 for bulk, which borrows nothing; from 20 kB on a message is bulk. */
const bounds =
  (options: Partial<BandwidthOptions> = {}) =>
  (clock: Clock): NetworkBounds => ({
    shaper: new Bandwidth(clock, { bytesPerSecond: 100_000, shares: apart, ...options }),
    bulkBytes: 20_000,
  });

/** Answers at once, and notes when what came. */
function noting(clock: () => Clock) {
  const came: { readonly id: unknown; readonly ms: number }[] = [];
  const receive: Receive = (_to, message, ask) => {
    came.push({ id: message.id, ms: clock().monotonic() });
    ask?.reply(message.id);
  };
  const ids = () => came.map(({ id }) => id);
  return { came, receive, ids };
}

async function bounded(
  options: Partial<BandwidthOptions> = {},
  maxPayload?: number,
  more: Parameters<typeof pair>[2] = {},
) {
  const notes = noting(() => made.world.clock);
  const made: Awaited<ReturnType<typeof pair>> = await pair(notes.receive, maxPayload, more, bounds(options));
  return { ...made, ...notes };
}

describe('with bounds of the network', () => {
  it('messages leave as fast as they allow, in order, and none is lost', async () => {
    const { world, mine, packets, ids } = await bounded({ shares: {} });
    const size = () => packets.reduce((sum, packet) => sum + packet, 0);
    const began = world.clock.monotonic();
    for (let id = 0; id < 100; id++) mine.tell(there, '/user/a', { type: 'x', id, body: bytes(5_000) } as Any);
    for (let second = 1; second <= 3; second++) {
      await world.clock.advance(began + second * 1_000 - world.clock.monotonic());
      // All that is promised to nobody else, some at once at first, and the last packet may overdraw it.
      expect(size()).toBeLessThan(second * 100_000 + 10_000 + 20_000);
      expect(size()).toBeGreaterThan(second * 100_000 * 0.9 - 20_000);
    }
    await world.clock.advance(5_000);
    expect(ids()).toEqual(Array.from({ length: 100 }, (_, id) => id));
  });

  it('bulk waits aside: what is for others passes it, and what is for the same receiver stays behind it', async () => {
    const { world, mine, came, ids } = await bounded();
    const tell = (to: string, id: string, size: number) =>
      mine.tell(there, to, { type: 'x', id, body: bytes(size) } as Any);
    for (const id of ['bulk 1', 'bulk 2', 'bulk 3']) tell('/user/a', id, 100_000);
    tell('/user/a', 'behind', 10);
    tell('/user/b', 'passes', 10);
    const asked = mine.ask(
      there,
      'there/user/b',
      { ...asking({ type: 'x', id: 'asked' } as Any), to: '/user/b' },
      undefined,
    );
    expect(mine.traffic).toMatchObject([{ bulkBytes: expect.any(Number) }]);
    await world.clock.advance(100);
    expect(ids()).toEqual(['bulk 1', 'passes', 'asked']);
    expect(await asked).toBe('asked');
    await world.clock.advance(10_000);
    expect(ids().slice(3)).toEqual(['bulk 2', 'bulk 3', 'behind']);
    const [first, second, third] = came.filter(({ id }) => String(id).startsWith('bulk')).map(({ ms }) => ms);
    expect(Number(second) - Number(first)).toBeGreaterThan(2_400);
    expect(Number(third) - Number(second)).toBeGreaterThan(2_400);
    expect(mine.traffic).toMatchObject([{ bulkBytes: 0 }]);
  });

  it('what is too large for a packet pays before it goes into the store', async () => {
    const { world, mine, ids, blobs } = await bounded({}, 40_000);
    for (const id of [1, 2, 3]) mine.tell(there, '/user/a', { type: 'x', id, body: bytes(100_000) } as Any);
    await world.clock.advance(200);
    expect(ids()).toEqual([1]);
    expect(blobs.kept.size).toBe(0);
    await world.clock.advance(10_000);
    expect(ids()).toEqual([1, 2, 3]);
  });

  it('answers that are bulk do not keep others', async () => {
    const big: Receive = (_to, message, ask) => ask?.reply({ id: message.id, body: bytes(Number(message.size)) });
    const { world, mine } = await pair(big, undefined, {}, bounds());
    const came: unknown[] = [];
    const ask = (id: number, size: number) =>
      mine.ask(there, 'there/user/a', asking({ type: 'x', id, size } as Any, 60_000), undefined).then(
        () => came.push(id),
        (error) => came.push(error),
      );
    for (const id of [1, 2, 3]) void ask(id, 100_000);
    for (const id of [4, 5]) void ask(id, 10);
    await world.clock.advance(300);
    expect(came.toSorted()).toEqual([1, 4, 5]);
    await world.clock.advance(10_000);
    expect(came.slice(3)).toEqual([2, 3]);
  });

  it('so much may wait, and more is refused', async () => {
    const { world, mine, ids } = await bounded({}, undefined, { waitingBytes: 150_000 });
    const tell = (id: number, size: number) => () =>
      mine.tell(there, '/user/a', { type: 'x', id, body: bytes(size) } as Any);
    tell(1, 100_000)(); // leaves, and overdraws
    tell(2, 100_000)();
    expect(tell(3, 100_000)).toThrow(
      expect.objectContaining({ code: 'overloaded', data: { node: 'there', limit: 150_000, option: 'network' } }),
    );
    await world.clock.advance(10_000);
    expect(ids()).toEqual([1, 2]);
    const overloaded = expect.objectContaining({ code: 'overloaded' });
    expect(() => {
      for (let id = 0; id < 100; id++) tell(id, 10_000)();
    }).toThrow(overloaded);
    await world.clock.advance(10_000);
    tell(200, 100_000)();
    await world.clock.advance(5_000);
    expect(ids().at(-1)).toBe(200);
  });

  it('an ask that is given up while it waits does not leave, and takes nothing', async () => {
    const { world, mine, ids } = await bounded();
    const tell = (id: number) => mine.tell(there, '/user/a', { type: 'x', id, body: bytes(100_000) } as Any);
    tell(1);
    const controller = new AbortController();
    const message = { type: 'x', id: 2, body: bytes(1_000_000 - 1_000) } as Any;
    const asked = mine.ask(there, 'there/user/a', asking(message, 60_000), controller.signal);
    asked.catch(() => {});
    tell(3);
    await world.clock.advance(100);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    await world.clock.advance(3_000);
    expect(ids()).toEqual([1, 3]);
  });

  it('what waits when its node is gone comes back, and surely has not arrived', async () => {
    const { world, mine, returned, ids } = await bounded();
    const body = bytes(100_000);
    mine.tell(there, '/user/a', { type: 'x', id: 1, body } as Any);
    mine.tell(there, '/user/a', { type: 'x', id: 2, body } as Any);
    const asked = mine.ask(there, 'there/user/a', asking({ type: 'x', id: 3 } as Any), undefined);
    asked.catch(() => {});
    await world.clock.advance(100);
    mine.onView(noView);
    await expect(asked).rejects.toThrow(NodeDownError);
    expect(ids()).toEqual([1]);
    expect(returned.flatMap(({ tells }) => tells)).toMatchObject([{ message: { id: 2 }, isUncertain: false }]);
  });

  it('signals keep their place behind what waits', async () => {
    const heard: unknown[] = [];
    const { world, mine, theirs } = await pair(
      (_to, message) => void heard.push(message.id),
      undefined,
      { onSignal: (body) => void heard.push(`signal ${body[0]}`) },
      bounds(),
    );
    const tell = (id: number, to = '/user/a') => mine.tell(there, to, { type: 'x', id, body: bytes(100_000) } as Any);
    tell(1);
    tell(2);
    mine.signal(there, Uint8Array.of(3));
    await world.clock.advance(100);
    expect(heard).toEqual([1]);
    await world.clock.advance(5_000);
    expect(heard).toEqual([1, 2, 'signal 3']);
    mine.signal(there, Uint8Array.of(4));
    await world.clock.advance(100);
    expect(heard.at(-1)).toBe('signal 4');
    theirs.stop(new Error('the end'));
  });

  it('what is told to whom a signal is for stays behind the signal', async () => {
    const heard: unknown[] = [];
    const { world, mine } = await pair(
      (_to, message) => void heard.push(message.id),
      undefined,
      { onSignal: () => void heard.push('signal') },
      bounds(),
    );
    const tell = (to: string, id: string, size: number) =>
      mine.tell(there, to, { type: 'x', id, body: bytes(size) } as Any);
    tell('/user/a', 'bulk 1', 100_000);
    tell('/user/a', 'bulk 2', 100_000);
    mine.signal(there, Uint8Array.of(1), '/user/b');
    tell('/user/b', 'after the signal', 10);
    tell('/user/c', 'passes', 10);
    await world.clock.advance(5_000);
    expect(heard).toEqual(['bulk 1', 'passes', 'bulk 2', 'signal', 'after the signal']);
    tell('/user/b', 'later', 10);
    await world.clock.advance(100);
    expect(heard.at(-1)).toBe('later');
  });

  it('control leaves at once, whatever waits', async () => {
    const open: Ask[] = [];
    const { world, mine } = await pair((_to, _message, ask) => void (ask && open.push(ask)), undefined, {}, bounds());
    const controller = new AbortController();
    const asked = mine.ask(there, 'there/user/a', asking({ type: 'x' }, 60_000), controller.signal);
    asked.catch(() => {});
    await world.clock.advance(100);
    for (let id = 0; id < 50; id++) mine.tell(there, '/user/b', { type: 'x', id, body: bytes(15_000) } as Any);
    controller.abort();
    await world.clock.advance(50);
    expect(open).toMatchObject([{ isOpen: false }]);
    expect(Number(mine.traffic[0]?.waitingBytes)).toBeGreaterThan(600_000);
  });

  it('all that waits leaves at the end', async () => {
    const { world, mine, ids } = await bounded();
    const tell = (id: number, size: number, to = '/user/a') =>
      mine.tell(there, to, { type: 'x', id, body: bytes(size) } as Any);
    tell(1, 100_000);
    tell(2, 100_000);
    for (const id of [3, 4, 5, 6]) tell(id, 15_000, '/user/b');
    mine.stop(new Error('the end'));
    await world.clock.advance(100);
    expect(ids().toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('answers that wait leave at the end too', async () => {
    const big: Receive = (_to, message, ask) => ask?.reply({ id: message.id, body: bytes(50_000) });
    const { world, mine, theirs } = await pair(big, undefined, {}, bounds());
    const came: unknown[] = [];
    for (const id of [1, 2, 3, 4]) {
      const asked = mine.ask(there, 'there/user/a', asking({ type: 'x', id } as Any, 60_000), undefined);
      asked.then(
        () => came.push(id),
        (error) => came.push(error),
      );
    }
    await world.clock.advance(100);
    expect(came).toEqual([1]);
    theirs.stop(new Error('the end'));
    await world.clock.advance(100);
    expect(came).toEqual([1, 2, 3, 4]);
  });
});

describe('whatever is sent, cancelled and cut off', () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'each message arrives once, those for one receiver in order, and nothing stays behind (story %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const below = (most: number) => Math.floor(random.next() * most);
      const came = new Map<string, number[]>();
      const receive: Receive = (to, message, ask) => {
        came.set(String(to), [...(came.get(String(to)) ?? []), Number(message.id)]);
        ask?.reply(bytes(Number(message.answer)));
      };
      const shares = seed % 2 === 0 ? apart : {};
      const { world, mine, packets } = await pair(receive, seed % 3 === 0 ? 30_000 : undefined, {}, bounds({ shares }));
      const told = new Map<string, number[]>();
      const outcomes: Promise<unknown>[] = [];
      const size = () => [10, 5_000, 25_000, 60_000][below(4)] ?? 10;
      for (let id = 0; id < 80; id++) {
        const to = `/user/${below(3)}`;
        // The name of a large answer is not said again where a connection was lost: these answers fit a packet.
        const message = { type: 'x', id, body: bytes(size()), answer: Math.min(size(), 25_000) } as Any;
        const act = below(10);
        if (act < 5) {
          mine.tell(there, to, message);
          told.set(to, [...(told.get(to) ?? []), id]);
        } else if (act < 9) {
          const controller = new AbortController();
          const asked = mine.ask(there, `there${to}`, { ...asking(message, 200_000), to }, controller.signal);
          outcomes.push(
            asked.then(
              () => 'answered',
              ({ code }) => code,
            ),
          );
          if (below(3) === 0) world.clock.setTimer(below(1_000), () => controller.abort());
        } else {
          world.network.disconnect('here');
          await world.clock.advance(below(300));
          world.network.reconnect('here');
        }
        await world.clock.advance(below(40));
      }
      await world.clock.advance(200_000);
      const ended = new Set(await Promise.all(outcomes));
      expect([...ended].filter((outcome) => outcome !== 'answered' && outcome !== 'cancelled')).toEqual([]);
      for (const [to, ids] of came) {
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toEqual(expect.arrayContaining(told.get(to) ?? []));
      }
      expect(mine.traffic).toMatchObject([{ bulkBytes: 0, waitingBytes: 0, unacknowledgedBytes: 0 }]);
      expect(packets.length).toBeGreaterThan(0);
    },
  );
});

it('without bounds nothing waits', async () => {
  const { world, mine } = await pair(echo);
  for (let id = 0; id < 20; id++) mine.tell(there, '/user/a', { type: 'x', id, body: bytes(40_000) } as Any);
  await world.clock.advance(100);
  expect(mine.traffic).toEqual([{ node: 'there', unacknowledgedBytes: 0, waitingBytes: 0 }]);
});
