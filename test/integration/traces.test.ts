/** Which trace a message belongs to: that of what told it, and never that of what happens to run at the same time. */
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { type AnyRef, defineActor, defineMachine, type LocalSystem, startSystem } from 'jaegis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createMachine } from 'xstate';

const exporter = new InMemorySpanExporter();
/** Of each note: the span that it was handled in, if any. */
const handledIn: (string | undefined)[] = [];
const told = { type: 'note' } as const;

const activeTrace = () => trace.getActiveSpan()?.spanContext().traceId;

const notes = defineActor('notes', {
  state: () => 0,
  on: {
    note: (count) => {
      handledIn.push(activeTrace());
      return { state: count + 1 };
    },
    count: (count) => ({ reply: count }),
    passOn: async (_count, { to, isSlow }: { to: AnyRef; isSlow: boolean }, context) => {
      if (isSlow) await Promise.resolve();
      context.tell(to as never, told as never); // it takes notes
    },
    passOnAtOnce: (_count, { to }: { to: AnyRef }, context) => {
      context.tell(to as never, told as never); // as above
      return { reply: true };
    },
    noteLater: async (_count, { whenIdle = false }: { whenIdle?: boolean }, context) => {
      if (whenIdle) await new Promise((resolve) => setImmediate(resolve));
      context.sendAfter(1, told);
    },
    setTimer: (_count, _message, context) => {
      context.clock.setTimer(40, () => handledIn.push(activeTrace()));
    },
    askLater: (_count, { to }: { to: string }, context) => {
      void context.ask(context.actor<NonNullable<typeof notes.protocol>>(to), { type: 'count' });
    },
  },
});

/** Looks where it is when it has waited. */
const waiting = defineMachine('waiting', () =>
  createMachine({
    initial: 'early',
    states: { early: { after: { 40: 'late' } }, late: { entry: () => void handledIn.push(activeTrace()) } },
  }),
);

let system: LocalSystem;
const spawn = (name: string) => system.spawn(notes, { name });
const names = () => exporter.getFinishedSpans().map(({ name }) => name);

beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  system = startSystem({ logLevel: 'silent' });
});
afterEach(() => {
  exporter.reset();
  handledIn.length = 0;
});
afterAll(async () => {
  await system?.stop();
  trace.disable();
  context.disable();
});

/** Runs it in a span of that name, as a user's request would. */
function within(name: string, act: () => void): void {
  trace.getTracer('test').startActiveSpan(name, (span) => {
    act();
    span.end();
  });
}

async function spanOf(name: string): Promise<ReadableSpan> {
  await expect.poll(names).toContain(name);
  return exporter.getFinishedSpans().find((span) => span.name === name) as ReadableSpan; // as was polled for
}

test('a message that belongs to no trace is handled in none, also beside one that does', async () => {
  const [first, second] = [await spawn('first'), await spawn('second')];
  within('request', () => first.tell(told));
  second.tell(told);
  await expect.poll(() => handledIn.length).toBe(2);
  expect(handledIn).toEqual([(await spanOf('request')).spanContext().traceId, undefined]);
});

test('what its handler asks begins a trace', async () => {
  const [first, second] = [await spawn('asked-first'), await spawn('asked-second')];
  within('request', () => first.tell(told));
  second.tell({ type: 'askLater', to: first.address });
  expect((await spanOf('ask count')).parentSpanContext).toBeUndefined();
});

test.each([
  ['at once', false],
  ['when it has waited', true],
])('what a handler tells %s is part of its turn', async (_, isSlow) => {
  const [from, to] = [await spawn(`from-${isSlow}`), await spawn(`to-${isSlow}`)];
  within('request', () => from.tell({ type: 'passOn', to, isSlow }));
  const turn = await spanOf('turn passOn');
  expect((await spanOf('turn note')).parentSpanContext).toMatchObject({ spanId: turn.spanContext().spanId });
});

test('what the handler of an ask tells is part of its turn, and not of the ask alone', async () => {
  const [from, to] = [await spawn('ask-from'), await spawn('ask-to')];
  await from.ask({ type: 'passOnAtOnce', to });
  const turn = await spanOf('turn passOnAtOnce');
  expect((await spanOf('turn note')).parentSpanContext).toMatchObject({ spanId: turn.spanContext().spanId });
});

test('what a timer sends begins a trace that links to the turn that set it', async () => {
  const ref = await spawn('timed');
  within('request', () => ref.tell({ type: 'noteLater' }));
  const [setter, fired] = [await spanOf('turn noteLater'), await spanOf('turn note')];
  expect(fired.parentSpanContext).toBeUndefined();
  expect(fired.links.map(({ context: linked }) => linked.spanId)).toEqual([setter.spanContext().spanId]);
});

test('what a timer sends that was set in no trace is in none, whatever traced timer is due with it', async () => {
  const [traced, untraced] = [await spawn('timed-traced'), await spawn('timed-untraced')];
  within('request', () => traced.tell({ type: 'noteLater' }));
  untraced.tell({ type: 'noteLater' });
  await expect.poll(() => handledIn.length).toBe(2);
  expect(handledIn.filter((traceId) => traceId === undefined)).toHaveLength(1);
});

test('what a machine does after a delay, and what a timer of the clock does, is in no trace', async () => {
  const [traced, untraced] = [await spawn('clock-traced'), await spawn('clock-untraced')];
  untraced.tell({ type: 'setTimer' });
  await system.spawn(waiting, { name: 'waiting' });
  // It is due first, so that the clock's alarm is set for it, and after it for the others.
  within('request', () => traced.tell({ type: 'noteLater', whenIdle: true }));
  await expect.poll(() => handledIn.length).toBe(3);
  const { traceId } = (await spanOf('turn note')).spanContext();
  expect(handledIn.toSorted()).toEqual([traceId, undefined, undefined]);
});
