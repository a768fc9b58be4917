/** What a node promises of entities that come to it with work under way. */
import { type EntityId, formatEntityId, incarnation, type Member, nodeId, StorageUnavailableError } from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import { expect, test } from 'vitest';
import { Awakening, type AwakeningOptions } from './awakening.ts';
import { Needs } from './needs.ts';
import { ownerOf, turnSubject } from './placement.ts';

const member = (id: string): Member => ({ id: nodeId(id), incarnation: incarnation(`${id}-1`) });
const [self, other] = [member('n1'), member('n2')];
const both = { epoch: 2, members: [self, other] };
const alone = { epoch: 3, members: [self] };
const entities = Array.from({ length: 40 }, (_, n): EntityId => ({ type: 'cart', key: `${n}` }));
const needs = new Needs();
const ofBoth = needs.holdings(self, both);
const all = needs.holdings(self, alone);
const names = (some: readonly EntityId[]) => some.map(formatEntityId).sort();
const ofOther = names(entities.filter((entity) => ownerOf(entity, both) === other));

/** Entities are looked at as the test says. */
function waking(more: readonly string[] = [], rest: Partial<AwakeningOptions> = {}) {
  const world = createSimWorld({ seed: 1 });
  const logged: string[] = [];
  const state = { isAway: false, underWay: 0, most: 0, woken: [] as EntityId[] };
  const away = () => {
    if (state.isAway) throw new StorageUnavailableError('No leader.');
  };
  const logger = {
    debug() {},
    info() {},
    warn: (text: string) => logged.push(text),
    error: (text: string) => logged.push(text),
    child: () => logger,
  };
  const awakening = new Awakening({
    cluster: 'c',
    journal: {
      subjects: async () => {
        away();
        return [...more, ...entities.map((entity) => turnSubject('c', entity))];
      },
    },
    clock: world.clock,
    random: world.random,
    logger,
    wake: async (entity) => {
      state.most = Math.max(state.most, ++state.underWay);
      await new Promise<void>((resolve) => world.clock.setTimer(1, resolve));
      state.underWay--;
      away();
      state.woken.push(entity);
    },
    needs,
    eager: [],
    isAwake: () => false,
    handedOver: () => undefined,
    ...rest,
  });
  return { world, awakening, state, logged };
}

test('entities that messages have woken already are not looked at', async () => {
  const asked = ofOther.slice(0, 3);
  const { world, awakening, state } = waking([], { isAwake: (entity) => asked.includes(formatEntityId(entity)) });
  awakening.begin(ofBoth);
  await world.clock.runUntilSettled(awakening.settled());
  state.woken = [];
  awakening.begin(all);
  await world.clock.runUntilSettled(awakening.settled());
  expect(names(state.woken)).toEqual(ofOther.slice(3));
});

test('with a view, the entities that were not its own before are looked at, a few at once', async () => {
  const { world, awakening, state } = waking();
  awakening.begin(ofBoth);
  await world.clock.advance(1_000);
  expect(names(state.woken)).toEqual(names(entities.filter((entity) => ownerOf(entity, both) === self)));
  state.woken = [];
  awakening.begin(all);
  await world.clock.advance(1_000);
  expect(names(state.woken)).toEqual(ofOther);
  expect(state.most).toBeGreaterThan(1);
  expect(state.most).toBeLessThanOrEqual(8);
});

test('those that could not be looked at while storage was away are looked at when it is back', async () => {
  const { world, awakening, state } = waking();
  awakening.begin(ofBoth);
  await world.clock.advance(1_000);
  state.woken = [];
  awakening.begin(all);
  await world.clock.advance(2);
  state.isAway = true;
  await world.clock.advance(10_000);
  state.isAway = false;
  await world.clock.advance(5_000);
  expect(names(state.woken)).toEqual(ofOther);
});

test('those that were not looked at before the next view are looked at with it, if they are its own still', async () => {
  const { world, awakening, state } = waking();
  awakening.begin(ofBoth);
  await world.clock.advance(1_000);
  state.woken = [];
  state.isAway = true;
  awakening.begin(all);
  await world.clock.advance(1_000);
  state.isAway = false;
  awakening.begin(all);
  await world.clock.advance(1_000);
  expect(names(state.woken)).toEqual(ofOther);
});

test('turns of no entity keep nothing from the others', async () => {
  const { world, awakening, state, logged } = waking(['jaegis.c.turn.5.log', 'jaegis.c.turn.5.log.=XX']);
  awakening.begin(all);
  await world.clock.advance(1_000);
  expect(state.woken).toHaveLength(entities.length);
  expect(logged).toEqual(['turns of no entity are in the stream']);
});

test('entities of a plot that its former owner has are looked at when that has let go, also if it has begun some since', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { world, awakening, state } = waking([], {
    handedOver: (plot) => (ofBoth.has(plot) ? undefined : promise),
  });
  awakening.begin(all);
  await world.clock.advance(1_000);
  expect(names(state.woken)).toEqual(names(entities.filter((entity) => ownerOf(entity, both) === self)));
  state.woken = [];
  resolve();
  await world.clock.advance(1_000);
  expect(names(state.woken)).toEqual(ofOther);
});

test('what is to be active is woken before anything is read, and not again with the next view', async () => {
  const eager = entities.slice(0, 2);
  const { world, awakening, state } = waking([], { eager });
  state.isAway = true;
  awakening.begin(all);
  await world.clock.advance(100);
  state.isAway = false;
  await world.clock.advance(5_000);
  expect(names(state.woken.slice(0, 2))).toEqual(names(eager));
  state.woken = [];
  awakening.begin(all);
  await world.clock.advance(5_000);
  expect(state.woken).toEqual([]);
});
