import { describe, expect, it } from 'vitest';
import type { CrashReport } from './crash-report.ts';
import { defineActor } from './definition.ts';
import { testSystem } from './kernel.test-system.ts';
import type { KernelOptions } from './kernel-options.ts';
import type { System } from './system.ts';

const often = { intensity: 100, periodMs: 60_000 };

function worker(options: KernelOptions = {}) {
  return defineActor('worker', {
    ...options,
    state: () => ({ done: 0, secret: 'state secret' }),
    mode: (state) => `after ${state.done}`,
    on: {
      work: (state, _message: { secret?: string }) => ({
        state: { ...state, done: state.done + 1 },
        reply: state.done,
      }),
      crash: (_state, _message: { why: string }) => {
        throw new Error('as asked');
      },
    },
  });
}

function reportsOf(system: System): CrashReport[] {
  const reports: CrashReport[] = [];
  system.onCrash((report) => reports.push(report));
  return reports;
}

describe('what is known of an actor', () => {
  it('is its mailbox and its high water, messages handled, failures, restarts, busy time and last error', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(worker(), { name: 'w' });
    for (let count = 0; count < 5; count++) ref.tell({ type: 'work' });
    ref.tell({ type: 'crash', why: 'test' });
    await ref.ask({ type: 'work' });
    const [node] = system.inspect().children;
    expect(node).toMatchObject({
      id: 'w',
      type: 'worker',
      mailbox: 0,
      highWater: 7,
      handled: 6,
      failures: 1,
      restarts: 1,
      lastError: { message: 'as asked' },
    });
    expect(node?.busyMs).toBeGreaterThan(0);
    await system.stop();
  });
});

describe('the flight recorder', () => {
  it('holds the last messages and the modes after them, and no more than its limit', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(worker({ record: 3 }));
    for (let count = 0; count < 500; count++) await ref.ask({ type: 'work' });
    expect(system.history(ref)).toMatchObject([
      { message: { type: 'work' }, mode: 'after 498' },
      { message: { type: 'work' }, mode: 'after 499' },
      { message: { type: 'work' }, mode: 'after 500' },
    ]);
    await system.stop();
  });

  it('holds them in order also under a flood, where mailboxes grow and shrink', async () => {
    const { system } = testSystem(often);
    const counter = defineActor('counter', {
      state: () => 0,
      on: { add: (state, _message: { id: number }) => ({ state: state + 1 }), sync: () => ({ reply: true }) },
    });
    const ref = await system.spawn(counter);
    for (const size of [1, 300, 7, 5_000, 2]) {
      for (let id = 0; id < size; id++) ref.tell({ type: 'add', id });
      await ref.ask({ type: 'sync' });
      const ids = system.history(ref).map(({ message }) => ('id' in message ? message.id : message.type));
      const expected = [...Array(size).keys(), 'sync'].slice(-16);
      expect(ids.slice(-expected.length)).toEqual(expected);
    }
    expect(system.history(ref)).toHaveLength(16);
    await system.stop();
  });

  it.each([
    ['for an actor', { record: 0 }, {}],
    ['for a node, with its counters of time', {}, { watch: false }],
  ])('can be switched off %s', async (_what, options, systemOptions) => {
    const { system } = testSystem(often, systemOptions);
    const ref = await system.spawn(worker(options));
    await ref.ask({ type: 'work' });
    expect(system.history(ref)).toEqual([]);
    if ('watch' in systemOptions) expect(system.inspect().children[0]?.busyMs).toBe(0);
    await system.stop();
  });
});

describe('a crash report', () => {
  it('holds reason, message, state, history and neighbours', async () => {
    const { system } = testSystem(often);
    const reports = reportsOf(system);
    const parent = defineActor('parent', {
      trapExits: true,
      state: (_key, context) => context.spawn(worker(), { name: 'child', link: true, monitor: true }),
      signals: { exit: () => {}, down: () => {} },
      on: {
        crash: async (child, _message, context) => {
          await context.ask(child, { type: 'crash', why: 'test' }).catch(() => {});
        },
        work: (child) => child.tell({ type: 'work' }),
      },
    });
    const ref = await system.spawn(parent, { name: 'parent' });
    ref.tell({ type: 'work' });
    await ref.ask({ type: 'crash' });
    expect(reports).toMatchObject([
      {
        address: 'n1/user/parent/child',
        type: 'worker',
        incarnation: 1,
        reason: { message: 'as asked' },
        message: { type: 'crash', why: 'test' },
        state: { done: 1 },
        history: [{ message: { type: 'work' }, mode: 'after 1' }],
        neighbours: { links: ['n1/user/parent'], watchers: ['n1/user/parent'], asker: 'n1/user/parent' },
        mailbox: 0,
      },
    ]);
    expect(system.inspect().children[0]).toMatchObject({ id: 'parent', failures: 0 });
    await system.stop();
  });

  it('shows only what the definition lets be seen, also in dead letters', async () => {
    const { system } = testSystem(often);
    const reports = reportsOf(system);
    const hide = (value: unknown) =>
      JSON.parse(JSON.stringify(value, (key, inner) => (key === 'secret' ? '…' : inner)));
    const ref = await system.spawn(worker({ redact: hide }));
    ref.tell({ type: 'work', secret: 'message secret' });
    ref.tell({ type: 'crash', why: 'test' });
    await ref.ask({ type: 'work' });
    expect(JSON.stringify([reports, system.deadLetters.list(), system.history(ref)])).not.toContain('secret"}');
    expect(JSON.stringify([reports, system.deadLetters.list(), system.history(ref)])).not.toMatch(
      /(state|message) secret/,
    );
    await system.stop();
  });

  it('comes also when redacting fails, or a listener', async () => {
    const { system } = testSystem(often);
    const broken = () => {
      throw new Error('broken');
    };
    system.onCrash(broken);
    const reports = reportsOf(system);
    const ref = await system.spawn(worker({ redact: broken }));
    ref.tell({ type: 'crash', why: 'test' });
    await ref.ask({ type: 'work' });
    expect(reports).toMatchObject([{ state: 'redaction failed' }]);
    await system.stop();
  });
});
