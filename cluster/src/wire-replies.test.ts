/** What a wire promises about answers when their asker does not keep up. */
import type { Ask } from '@jaegis/actors';
import { expect, test } from 'vitest';
import { frames, packets, readPacket, whatIs } from './packet.ts';
import { asking, pair, there } from './wire.test-pair.ts';

const [WINDOW, WAITING] = [40_000, 80_000];
const LARGE = 'x'.repeat(1_000);

/** Asks are open until the test answers them; the other node hears of marks only while `isHearing`. */
async function asker() {
  const open: Ask[] = [];
  const both = await pair((_to, _message, ask) => ask && open.push(ask), undefined, {
    windowBytes: WINDOW,
    waitingBytes: WAITING,
  });
  const { world, mine, transports } = both;
  const state = { isHearing: true, isLosing: false, answersOut: 0 };
  const [here, yonder] = transports;
  if (here === undefined || yonder === undefined) throw new Error('There are two.');
  const [fromHere, fromThere] = [here.publish.bind(here), yonder.publish.bind(yonder)];
  here.publish = (subject, data, options) => {
    let isMarked = false;
    readPacket(data, (kind) => {
      isMarked ||= kind === frames.marked;
    });
    if (state.isHearing || !isMarked) fromHere(subject, data, options);
  };
  yonder.publish = (subject, data, options) => {
    if (whatIs(data) === packets.replies) state.answersOut += data.length;
    if (state.isLosing && whatIs(data) === packets.replies) return;
    fromThere(subject, data, options);
  };
  const ends: Record<string, number> = {};
  const ask = () => {
    mine.ask(there, 'there', asking({ type: 'x' }, 60_000), undefined).then(
      () => count('answered'),
      (error) => count(error.code),
    );
  };
  const count = (end: string) => {
    ends[end] = (ends[end] ?? 0) + 1;
  };
  const asks = async (number: number) => {
    for (let n = 0; n < number; n++) ask();
    await world.clock.advance(100);
  };
  const answer = async () => {
    for (const ask of open.splice(0)) ask.reply(LARGE);
    await world.clock.advance(100);
  };
  return { ...both, state, open, asks, answer, ends };
}

test('answers to an asker that keeps up are all carried, however many', async () => {
  const { asks, answer, ends } = await asker();
  for (let turn = 0; turn < 10; turn++) {
    await asks(100);
    await answer();
  }
  expect(ends).toEqual({ answered: 1_000 });
});

test('answers that their asker does not take in are bounded: a window, what waits, and then they are given up by name', async () => {
  const { world, asks, answer, ends, state } = await asker();
  state.isHearing = false;
  await asks(500);
  await answer();
  expect(state.answersOut).toBeLessThan(WINDOW * 1.2);
  state.isHearing = true;
  await world.clock.advance(5_000);
  expect(ends).toEqual({
    answered: expect.toSatisfy((count) => count > 100 && count < 150),
    reply_lost: expect.toSatisfy((count) => count > 350),
  });
  expect((ends.answered ?? 0) + (ends.reply_lost ?? 0)).toBe(500);
});

test('while too many answers wait for a node its asks are refused before they are handled', async () => {
  const { world, asks, answer, ends, open, state } = await asker();
  state.isHearing = false;
  await asks(500);
  await answer();
  await asks(10);
  expect(open).toHaveLength(0);
  state.isHearing = true;
  await world.clock.advance(5_000);
  expect(ends.overloaded).toBe(10);
  await asks(10);
  expect(open).toHaveLength(10);
});

test('answers that a full connection does not take wait for it', async () => {
  const { asks, answer, ends, transports } = await asker();
  const yonder = transports[1];
  if (yonder === undefined) throw new Error('There are two.');
  const { publish } = yonder;
  await asks(10);
  yonder.publish = () => {
    throw Object.assign(new Error('full'), { code: 'transport_unavailable' });
  };
  await answer();
  expect(ends).toEqual({});
  yonder.publish = publish;
  await answer();
  await answer();
  await answer();
  expect(ends).toEqual({ answered: 10 });
});

test('marks that are lost with a connection are sent again when it is back', async () => {
  const { world, asks, answer, ends, state } = await asker();
  await asks(100);
  state.isHearing = false;
  await answer();
  world.network.disconnect('there');
  await world.clock.advance(10_000);
  state.isHearing = true;
  world.network.reconnect('there');
  await world.clock.advance(100);
  expect(ends).toEqual({ answered: 100 });
});

test('what waits for an asker that is gone is let go after a while, and another one is answered', async () => {
  const { world, asks, answer, ends, state } = await asker();
  await asks(110);
  state.isHearing = false;
  await answer();
  await world.clock.advance(20_000);
  const answered = ends.answered ?? 0;
  expect(answered).toBeLessThan(60);
  state.isHearing = true;
  await asks(5);
  await answer();
  expect(ends.answered).toBe(answered + 5);
});

test.each(['here', 'there'])(
  'answers that were lost with the connection %s are said again when it is back',
  async (lost) => {
    const { world, asks, answer, ends, state } = await asker();
    await asks(20);
    state.isLosing = true;
    await answer();
    state.isLosing = false;
    await world.clock.advance(1_000); // what the servers still had is not asked for again
    expect(ends).toEqual({});
    world.network.disconnect(lost);
    world.network.reconnect(lost);
    await world.clock.advance(100);
    expect(ends).toEqual({ answered: 20 });
  },
);

test('a whole window of answers that was lost with a connection is said again', async () => {
  const { world, asks, answer, ends, state } = await asker();
  await asks(38);
  state.isLosing = true;
  await answer();
  state.isLosing = false;
  world.network.disconnect('here');
  world.network.reconnect('here');
  await world.clock.advance(100);
  expect(ends).toEqual({ answered: 38 });
});

test('answers are not kept for longer than a lost connection may go unnoticed, and no more than a window of them', async () => {
  const { world, asks, answer, ends, state } = await asker();
  const reconnected = async () => {
    const before = state.answersOut;
    world.network.disconnect('there');
    world.network.reconnect('there');
    await world.clock.advance(100);
    return state.answersOut - before;
  };
  for (let turn = 0; turn < 10; turn++) {
    await asks(20);
    await answer();
  }
  const again = await reconnected();
  expect(again).toBeGreaterThan(WINDOW / 4);
  expect(again).toBeLessThan(WINDOW * 1.1);
  await world.clock.advance(8_000);
  expect(await reconnected()).toBeLessThan(1_000);
  expect(ends).toEqual({ answered: 200 });
});
