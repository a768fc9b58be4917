/** Spans, as OpenTelemetry's own SDK hears of them: one trace from an ask on one node to the commit on another. */
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { defineActor, defineApp, type JaegisNode, pinoLogger, startNode } from 'jaegis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';

const nats = withServers(1);
const exporter = new InMemorySpanExporter();

const ledger = defineActor('ledger', {
  state: () => ({ entries: 0 }),
  on: {
    add: ({ entries }) => ({ state: { entries: entries + 1 }, reply: entries + 1 }),
    read: ({ entries }) => ({ reply: entries }),
    fail: () => {
      throw new Error('as asked');
    },
  },
});

/** Sends, and sets timers. */
const relay = defineActor('relay', {
  state: () => 0,
  on: {
    forward: (count, { key }: { key: string }, context) => {
      context.send(context.entity(ledger, key), { type: 'add' });
      return { state: count + 1, reply: true };
    },
    remind: (count, _message, context) => {
      context.schedule('ring', { afterMs: 1 }, { type: 'ring' });
      return { state: count + 1, reply: true };
    },
    ring: (count) => ({ state: count + 1 }),
  },
});

/** Calls on an entity, and on what the user traces, while it handles a message. */
const shop = defineActor('shop', {
  state: () => 0,
  on: {
    buy: async (_state, { key }: { key: string }, context) => {
      await Promise.resolve();
      const entries = await context.ask(context.entity(ledger, key), { type: 'add' });
      trace.getTracer('test').startSpan('own work').end();
      return { reply: entries };
    },
    note: (count) => ({ state: count + 1 }),
    count: (count) => ({ reply: count }),
  },
});

const app = defineApp({ entities: [ledger, relay] });

describe('with a tracer', () => {
  let node: JaegisNode;
  let client: JaegisNode;
  beforeAll(async () => {
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const options = { cluster: 'traced', nats: [...nats.urls], logLevel: 'silent', threads: 1 } as const;
    node = await startNode({ ...options, name: 'n1', app });
    client = await startNode({ ...options, name: 'c1', role: 'client', app });
  });
  afterEach(() => exporter.reset());
  afterAll(async () => {
    await client?.stop();
    await node?.stop();
    trace.disable();
    context.disable();
  });

  test('an ask to an entity of another node is one trace: ask, turn, commit', async () => {
    await client.entity(ledger, 'a').ask({ type: 'add' });
    const [ask, turn, commit] = await spans('ask add', 'turn add', 'commit');
    expect(ask.parentSpanContext).toBeUndefined();
    expect(turn.parentSpanContext).toMatchObject(idsOf(ask));
    expect(commit.parentSpanContext).toMatchObject(idsOf(turn));
    expect([ask, turn, commit].map(({ kind }) => kind)).toEqual([SpanKind.CLIENT, SpanKind.SERVER, SpanKind.INTERNAL]);
    expect(turn.attributes).toEqual({ 'jaegis.actor': 'ledger/a', 'jaegis.message': 'add' });
  });

  test('what a handler asks and what it traces itself is part of its turn, also after it has waited', async () => {
    const ref = await node.spawn(shop, 'shop');
    const tracer = trace.getTracer('test');
    await tracer.startActiveSpan('request', async (request) => {
      await client.actor<NonNullable<typeof shop.protocol>>(ref.address).ask({ type: 'buy', key: 'b' });
      request.end();
    });
    const [request, buy, bought, add, own] = await spans('request', 'ask buy', 'turn buy', 'ask add', 'own work');
    expect(buy.parentSpanContext).toMatchObject(idsOf(request));
    expect(bought.parentSpanContext).toMatchObject(idsOf(buy));
    expect(add.parentSpanContext).toMatchObject(idsOf(bought));
    expect(own.parentSpanContext).toMatchObject(idsOf(bought));
  });

  test('a tell carries the trace that it is told in, and begins none', async () => {
    const ref = await node.spawn(shop, 'told');
    const far = client.actor<NonNullable<typeof shop.protocol>>(ref.address);
    const tracer = trace.getTracer('test');
    tracer.startActiveSpan('request', (request) => {
      far.tell({ type: 'note' });
      request.end();
    });
    const [request, turn] = await spans('request', 'turn note');
    expect(turn.parentSpanContext).toMatchObject(idsOf(request));
    exporter.reset();
    far.tell({ type: 'note' });
    ref.tell({ type: 'note' });
    expect(await far.ask({ type: 'count' })).toBe(3);
    expect(names()).not.toContain('turn note');
  });

  test('a message that waits in an inbox is part of what sent it', async () => {
    const sent = trace.getTracer('test').startActiveSpan('request', async (request) => {
      await client.entity(ledger, 'sent').send({ type: 'add' });
      request.end();
    });
    await sent;
    const [request, turn, commit] = await spans('request', 'turn add', 'commit');
    expect(turn.parentSpanContext).toMatchObject(idsOf(request));
    expect(commit.parentSpanContext).toMatchObject(idsOf(turn));
    exporter.reset();
    await client.entity(ledger, 'sent').send({ type: 'add' });
    await expect.poll(() => client.entity(ledger, 'sent').ask({ type: 'read' })).toBe(2);
    expect(names()).not.toContain('turn add');
  });

  test('a message between entities is part of the turn that sent it, also where others wait to leave', async () => {
    await Promise.all(['a', 'b', 'c'].map(() => client.entity(relay, 'r').ask({ type: 'forward', key: 'far' })));
    await expect.poll(() => names().filter((name) => name === 'turn add')).toHaveLength(3);
    const finished = exporter.getFinishedSpans();
    const of = (name: string) => finished.filter((span) => span.name === name);
    const parents = (name: string) => of(name).map(({ parentSpanContext }) => parentSpanContext?.spanId);
    const own = (name: string) => of(name).map((span) => span.spanContext().spanId);
    expect(parents('ask add').toSorted()).toEqual(own('turn forward').toSorted());
    expect(parents('turn add').toSorted()).toEqual(own('ask add').toSorted());
    expect(new Set(of('turn add').map((span) => span.spanContext().traceId)).size).toBe(3);
  });

  test('what a durable timer sends begins a trace that links to the turn that set it', async () => {
    await client.entity(relay, 'timed').ask({ type: 'remind' });
    await expect.poll(names, { timeout: 20_000 }).toContain('turn ring');
    const found = (name: string) => exporter.getFinishedSpans().find((span) => span.name === name);
    expect(found('turn ring')?.parentSpanContext).toBeUndefined();
    const setter = found('turn remind')?.spanContext();
    expect(found('turn ring')?.links.map(({ context: linked }) => linked.spanId)).toEqual([setter?.spanId]);
  });

  test('a failure is on the spans with its code', async () => {
    await expect(client.entity(ledger, 'c').ask({ type: 'fail' })).rejects.toMatchObject({ code: 'actor_crashed' });
    const [ask, turn] = await spans('ask fail', 'turn fail');
    expect(ask).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'actor_crashed' },
    });
    expect(turn.status).toEqual({ code: SpanStatusCode.ERROR, message: 'as asked' });
  });
});

describe('without a tracer', () => {
  test('no message carries a trace, and nothing is recorded', async () => {
    const options = { cluster: 'untraced', nats: [...nats.urls], logLevel: 'silent', threads: 1 } as const;
    await using _node = await startNode({ ...options, name: 'n1', app });
    await using client = await startNode({ ...options, name: 'c1', role: 'client', app });
    const logger = pinoLogger({ level: 'silent' });
    const spy = await connectNats({ servers: nats.urls, name: 'spy', logger, clock: realClock() });
    const packets: string[] = [];
    spy.transport.subscribe('jaegis.untraced.node.n1.>', ({ data }) =>
      packets.push(Buffer.from(data).toString('latin1')),
    );
    await spy.transport.flush();
    exporter.reset();
    await client.entity(ledger, 'a').ask({ type: 'add' });
    await expect.poll(() => packets.some((packet) => packet.includes('add'))).toBe(true);
    await spy.close();
    expect(packets.filter((packet) => /00-[\da-f]{32}-/.test(packet))).toEqual([]);
    expect(names()).toEqual([]);
  });
});

function names(): string[] {
  return exporter.getFinishedSpans().map(({ name }) => name);
}

/** The spans of these names, once they have ended; all are of one trace. */
async function spans<const Names extends readonly string[]>(
  ...wanted: Names
): Promise<{ [Index in keyof Names]: ReadableSpan }> {
  await expect.poll(() => wanted.filter((name) => !names().includes(name))).toEqual([]);
  const finished = exporter.getFinishedSpans();
  const found = wanted.map((name) => finished.find((span) => span.name === name) as ReadableSpan); // as was polled for
  expect(new Set(found.map((span) => span.spanContext().traceId)).size).toBe(1);
  return found as { [Index in keyof Names]: ReadableSpan };
}

function idsOf(span: ReadableSpan) {
  const { traceId, spanId } = span.spanContext();
  return { traceId, spanId };
}
