import { SeededRandom } from '@jaegis/sim';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AnyActor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  assign,
  createActor,
  createMachine,
  type EventObject,
  fromCallback,
  raise,
  SimulatedClock,
  setup,
} from 'xstate';
import { drawMachine, eventTypes } from './quick-steps.test-machines.ts';
import { QuickSteps } from './quick-steps.ts';

/** A machine whose steps are planned where they can be; how many were. */
function planned(machine: AnyStateMachine) {
  const quick = new QuickSteps(machine);
  const count = { planned: 0, all: 0 };
  const logic: AnyActorLogic = {
    config: machine.config,
    getInitialSnapshot: machine.getInitialSnapshot,
    getPersistedSnapshot: machine.getPersistedSnapshot,
    start: machine.start,
    transition: (state: AnyMachineSnapshot, event: EventObject, scope: AnyActorScope) => {
      const next = quick.take(state, event, scope);
      count.all += 1;
      count.planned += next ? 1 : 0;
      return next ?? machine.transition(state, event, scope);
    },
  };
  return { logic, count };
}

/** What can be seen of a machine. */
function seen(state: AnyMachineSnapshot): unknown {
  const { value, context, status, tags, output, error, children, historyValue, _nodes } = state;
  const history = Object.entries(historyValue).map(([id, nodes]) => [id, nodes?.map((node) => node.id).sort()]);
  const kids = Object.entries(children).map(([id, ref]) => [id, (ref as AnyActorRef).getSnapshot().status]);
  const nodes = _nodes.map(({ id }) => id).sort();
  const { kid, ...fields } = context; // an actor, which refers to all the others
  const context1 = { ...fields, kid: kid?.id };
  return {
    ...{ value, context: context1, status, output, error: String(error), children: kids, history, nodes },
    ...{ tags: [...tags].sort(), fields: Object.keys(state), node: _nodes.length },
  };
}

/** That fire: a machine may set two for each that fires, and so on. */
const mostDelays = 50;

/** An actor of the logic on a clock of its own, which writes what it says and what becomes of its delays. */
function stage(logic: AnyActorLogic, trace: unknown[]) {
  const simulated = new SimulatedClock();
  let left = mostDelays;
  const clock: typeof simulated = Object.assign(Object.create(simulated), {
    setTimeout: (run: () => void, ms: number) => {
      trace.push(['set', ms]);
      return left-- > 0 ? simulated.setTimeout(run, ms) : -1;
    },
    clearTimeout: (id: number) => {
      trace.push(['clear', id]);
      simulated.clearTimeout(id);
    },
  });
  const actor: AnyActor = createActor(logic, { clock, logger: (...args: unknown[]) => trace.push(['log', ...args]) });
  actor.on('*', (event) => trace.push(event));
  actor.subscribe({ error: (error) => trace.push(String(error)) });
  return { actor: actor.start(), clock: simulated, trace };
}

/** Sends the same events to a machine by plan and to one of XState alone. How many steps were planned. */
function compare(name: string): { planned: number; all: number } {
  const traces: [unknown[], unknown[]] = [[], []];
  const { logic, count } = planned(drawMachine(name, traces[0]));
  const ours = stage(logic, traces[0]);
  const theirs = stage(drawMachine(name, traces[1]), traces[1]);
  const random = new SeededRandom(`events ${name}`);
  const sent: string[] = [];
  for (let step = 0; step < 30; step++) {
    const type = eventTypes[Math.floor(random.next() * eventTypes.length)] ?? '';
    const ms = random.next() < 0.2 ? 25 : 0;
    sent.push(ms > 0 ? `${type}, ${ms} ms` : type);
    for (const { actor, clock } of [ours, theirs]) {
      actor.send({ type });
      if (ms > 0) clock.increment(ms);
    }
    const [mine, expected] = [ours, theirs].map(({ actor, trace }) => ({
      state: seen(actor.getSnapshot()),
      trace: trace.splice(0),
    }));
    expect({ name, sent, ...mine }).toEqual({ name, sent, ...expected });
    if (theirs.actor.getSnapshot().status !== 'active') break;
  }
  for (const { actor } of [ours, theirs]) actor.stop();
  return count;
}

describe('steps by plan', () => {
  // XState warns of events to actors that have ended; what is drawn does not care.
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
  afterEach(() => vi.restoreAllMocks());

  it.each(Array.from({ length: 20 }, (_, seed) => seed))('are those of XState: random machines of seed %d', (seed) => {
    for (let drawn = 0; drawn < 20; drawn++) compare(`${seed}.${drawn}`);
  });

  it('are a good part of all', () => {
    const counts = Array.from({ length: 100 }, (_, index) => compare(`part.${index}`));
    const sum = (which: 'planned' | 'all') => counts.reduce((total, count) => total + count[which], 0);
    expect(sum('planned') / sum('all')).toBeGreaterThan(0.3);
  });

  it('give the very same snapshot where nothing changed', () => {
    const { logic, count } = planned(
      setup({}).createMachine({ initial: 'a', states: { a: { on: { go: { actions: () => {} } } } } }),
    );
    const actor = createActor(logic).start();
    const before = actor.getSnapshot();
    actor.send({ type: 'go' });
    actor.send({ type: 'unknown' });
    expect([actor.getSnapshot() === before, count]).toEqual([true, { planned: 2, all: 2 }]);
  });

  it('ask each guard once per event, also where there is no plan', () => {
    let asked = 0;
    const guard = () => {
      asked += 1;
      return true;
    };
    const { logic } = planned(
      setup({}).createMachine({
        initial: 'a',
        states: {
          a: { on: { stay: { guard, actions: () => {} }, end: { guard, target: 'z' } } },
          z: { type: 'final' },
        },
      }),
    );
    const actor = createActor(logic).start();
    actor.send({ type: 'stay' });
    actor.send({ type: 'end' });
    expect(asked).toBe(2);
  });

  it('start the children that an assignment spawns', () => {
    let starts = 0;
    const kid = fromCallback(() => {
      starts += 1;
    });
    const { logic, count } = planned(
      setup({ actors: { kid } }).createMachine({
        context: {},
        on: { go: { actions: assign({ ref: ({ spawn }) => spawn('kid', { id: 'k' }) }) } },
      }),
    );
    const actor = createActor(logic).start();
    actor.send({ type: 'go' });
    const state = actor.getSnapshot() as AnyMachineSnapshot;
    expect([starts, state.context.ref === state.children.k, count.planned]).toEqual([1, true, 1]);
    actor.stop();
  });

  it.each([
    [
      'an always transition',
      { initial: 'a', states: { a: { on: { go: 'b' }, always: { guard: () => false, target: 'b' } }, b: {} } },
    ],
    ['a final state', { initial: 'a', states: { a: { on: { go: 'b' } }, b: { type: 'final' } } }],
    [
      'invoked work',
      { initial: 'a', states: { a: { on: { go: 'b' } }, b: { invoke: { src: fromCallback(() => {}) } } } },
    ],
    ['a raised event', { on: { go: { actions: raise({ type: 'more' }) } } }],
    ['a reentered state', { initial: 'a', states: { a: { on: { go: { target: 'a', reenter: true } } } } }],
  ])('are left to XState for %s', (_what, config) => {
    const { logic, count } = planned(createMachine(config as never));
    const actor = createActor(logic).start();
    actor.send({ type: 'go' });
    expect(count.planned).toBe(0);
    actor.stop();
  });
});
