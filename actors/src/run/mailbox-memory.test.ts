import { MemoryBudget } from '@jaegis/resilience';
import { SeededRandom } from '@jaegis/sim';
import { describe, expect, it } from 'vitest';
import { postpone, stop } from './action.ts';
import { defineActor } from './definition.ts';
import { testSystem, virtualSystem } from './kernel.test-system.ts';
import type { KernelOptions } from './kernel-options.ts';
import type { MailboxMemory } from './mailbox-memory.ts';

const often = { intensity: 10_000, periodMs: 60_000 };
const text = (bytes: number) => 'x'.repeat(bytes);

/** An actor that is busy until it is let go, and says what it has handled. */
function keeper(memory: MailboxMemory, mailbox: KernelOptions['mailbox'] = {}, type = 'keeper') {
  const handled: number[] = [];
  const gate = Promise.withResolvers<void>();
  const definition = defineActor(type, {
    mailbox: { ...mailbox, memory },
    state: () => 0,
    on: {
      hold: () => gate.promise,
      take: (_state, message: { id: number; body?: unknown; for?: string }) => {
        handled.push(message.id);
        return { reply: message.id };
      },
    },
  });
  return { definition, handled, open: gate.resolve };
}

describe('a mailbox with a budget of memory', () => {
  it('refuses what the budget has no bytes for, with the error of the budget', async () => {
    const { system } = testSystem();
    const budget = new MemoryBudget({ name: 'mail', maxBytes: 1_000 });
    const { definition, handled, open } = keeper({ budget });
    const ref = await system.spawn(definition);
    const held = ref.ask({ type: 'hold' });
    await Promise.resolve();
    ref.tell({ type: 'take', id: 1, body: text(500) });
    const overloaded = { code: 'overloaded', data: expect.objectContaining({ budget: 'mail', maxBytes: 1_000 }) };
    expect(() => ref.tell({ type: 'take', id: 2, body: text(500) })).toThrow(expect.objectContaining(overloaded));
    await expect(ref.ask({ type: 'take', id: 3, body: text(500) })).rejects.toMatchObject(overloaded);
    ref.tell({ type: 'take', id: 4, body: text(50) });
    expect(system.inspect().children).toMatchObject([{ mailbox: 2, mailboxBytes: budget.usedBytes }]);
    expect(system.budgets).toEqual([{ name: 'mail', usedBytes: budget.usedBytes, maxBytes: 1_000, refused: 2 }]);
    open();
    await held;
    await ref.ask({ type: 'take', id: 5 });
    expect(budget.usedBytes).toBe(0);
    expect(await ref.ask({ type: 'take', id: 6, body: text(500) })).toBe(6);
    expect(handled).toEqual([1, 4, 5, 6]);
    await system.stop();
  });

  it('counts a message until its turn is over, also one that found the actor idle', async () => {
    const { system } = testSystem();
    const budget = new MemoryBudget({ maxBytes: 1_000 });
    const { definition, open } = keeper({ budget });
    const ref = await system.spawn(definition);
    const held = ref.ask({ type: 'hold', body: text(600) } as { type: 'hold' });
    await Promise.resolve();
    expect(budget.usedBytes).toBeGreaterThan(600);
    await expect(ref.ask({ type: 'take', id: 1, body: text(600) })).rejects.toMatchObject({ code: 'overloaded' });
    open();
    await held;
    expect(budget.usedBytes).toBe(0);
    await system.stop();
  });

  it.each(['drop-newest', 'drop-oldest'] as const)(
    'drops the newest by %s: a tell becomes a dead letter, an asker is told',
    async (whenFull) => {
      const { system } = testSystem();
      const { definition, handled, open } = keeper({ budget: new MemoryBudget({ maxBytes: 1_000 }) }, { whenFull });
      const ref = await system.spawn(definition);
      const held = ref.ask({ type: 'hold' });
      await Promise.resolve();
      ref.tell({ type: 'take', id: 1, body: text(600) });
      ref.tell({ type: 'take', id: 2, body: text(600) });
      await expect(ref.ask({ type: 'take', id: 3, body: text(600) })).rejects.toMatchObject({
        data: { budget: 'memory' },
      });
      open();
      await held;
      await ref.ask({ type: 'take', id: 4 });
      expect(handled).toEqual([1, 4]);
      expect(system.deadLetters.list()).toMatchObject([{ message: { id: 2 }, reason: 'dropped' }]);
      await system.stop();
    },
  );

  it('gives back what an older message held that was dropped for the number of messages', async () => {
    const { system } = testSystem();
    const budget = new MemoryBudget({ maxBytes: 1_000 });
    const { definition, open } = keeper({ budget }, { limit: 1, whenFull: 'drop-oldest' });
    const ref = await system.spawn(definition);
    const held = ref.ask({ type: 'hold' });
    await Promise.resolve();
    for (let id = 1; id <= 10; id++) ref.tell({ type: 'take', id, body: text(500) });
    expect(system.deadLetters.count).toBe(9);
    open();
    await held;
    await ref.ask({ type: 'take', id: 11 });
    expect(budget.usedBytes).toBe(0);
    await system.stop();
  });

  it('keeps a tenant that sends too much from the bytes of another', async () => {
    const { system } = testSystem();
    const budget = new MemoryBudget({ maxBytes: 1_000, tenantBytes: 500 });
    const { definition, open } = keeper({ budget, tenant: (message) => (message as { for?: string }).for });
    const ref = await system.spawn(definition);
    const held = ref.ask({ type: 'hold' });
    await Promise.resolve();
    ref.tell({ type: 'take', id: 1, for: 'loud', body: text(300) });
    expect(() => ref.tell({ type: 'take', id: 2, for: 'loud', body: text(300) })).toThrow(
      expect.objectContaining({ code: 'overloaded', data: expect.objectContaining({ tenant: 'loud' }) }),
    );
    ref.tell({ type: 'take', id: 3, for: 'quiet', body: text(300) });
    expect(budget.usedBy('loud')).toBeGreaterThan(300);
    expect(budget.usedBy('quiet')).toBeGreaterThan(300);
    open();
    await held;
    await ref.ask({ type: 'take', id: 4 });
    expect([budget.usedBy('loud'), budget.usedBy('quiet')]).toEqual([0, 0]);
    await system.stop();
  });

  it('may be one of many in one budget, each with a bound of its own', async () => {
    const { system } = testSystem();
    const all = new MemoryBudget({ name: 'all', maxBytes: 1_000 });
    const [a, b] = [all.child({ name: 'a', maxBytes: 700 }), all.child({ name: 'b', maxBytes: 700 })];
    const [left, right] = [keeper({ budget: a }, {}, 'left'), keeper({ budget: b }, {}, 'right')];
    const [one, two] = [await system.spawn(left.definition), await system.spawn(right.definition)];
    const holds = [one.ask({ type: 'hold' }), two.ask({ type: 'hold' })];
    await Promise.resolve();
    one.tell({ type: 'take', id: 1, body: text(500) });
    expect(() => one.tell({ type: 'take', id: 2, body: text(300) })).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ budget: 'a' }) }),
    );
    expect(() => two.tell({ type: 'take', id: 3, body: text(500) })).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ budget: 'all' }) }),
    );
    expect(system.budgets.map(({ name, refused }) => ({ name, refused }))).toEqual([
      { name: 'a', refused: 1 },
      { name: 'b', refused: 0 },
    ]);
    left.open();
    right.open();
    await Promise.all(holds);
    await one.ask({ type: 'take', id: 4 });
    expect(all.usedBytes).toBe(0);
    await system.stop();
  });

  it('takes the budget of its system where its definition names none', async () => {
    const budget = new MemoryBudget({ name: 'node', maxBytes: 100 });
    const { system } = testSystem(undefined, { memory: { budget, tenant: 'all' } });
    const own = new MemoryBudget({ name: 'own', maxBytes: 1_000 });
    const plain = defineActor('plain', { state: () => 0, on: { take: (_state, _message: { body: string }) => {} } });
    const ref = await system.spawn(plain);
    expect(() => ref.tell({ type: 'take', body: text(100) })).toThrow(
      expect.objectContaining({ data: expect.objectContaining({ budget: 'node', tenant: 'all' }) }),
    );
    const { definition } = keeper({ budget: own });
    const other = await system.spawn(definition);
    expect(await other.ask({ type: 'take', id: 1, body: text(100) })).toBe(1);
    expect(system.budgets.map(({ name }) => name)).toEqual(['node', 'own']);
    await system.stop();
  });

  it('counts a part once that is there twice, also within itself, and nothing of what is behind a ref', async () => {
    const { system } = testSystem();
    const { definition } = keeper({ budget: new MemoryBudget({ maxBytes: 1_000 }) });
    const ref = await system.spawn(definition);
    const shared: { self?: unknown; body: string } = { body: text(600) };
    shared.self = shared;
    expect(await ref.ask({ type: 'take', id: 1, body: [shared, shared, ref] })).toBe(1);
    await system.stop();
  });

  it('is refused with its path where it cannot be one', () => {
    const define = (memory: unknown) => defineActor('a', { mailbox: { memory }, state: () => 0, on: {} } as never);
    const budget = new MemoryBudget({ maxBytes: 1 });
    const refused = (path: string) =>
      expect.objectContaining({ code: 'invalid_definition', data: expect.objectContaining({ path }) });
    expect(() => define(5)).toThrow(refused('mailbox.memory'));
    expect(() => define({ maxBytes: 5 })).toThrow(refused('mailbox.memory.maxBytes'));
    expect(() => define({})).toThrow(refused('mailbox.memory.budget'));
    expect(() => define({ budget, tenant: 5 })).toThrow(refused('mailbox.memory.tenant'));
  });
});

describe('what the messages of actors hold', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'is given back, whatever happens to them (story %i)',
    async (seed) => {
      const { system, clock } = virtualSystem(often);
      const budget = new MemoryBudget({ maxBytes: 3_000, tenantBytes: 2_000 });
      const random = new SeededRandom(seed);
      const below = (most: number) => Math.floor(random.next() * most);
      const most = { usedBytes: 0, refusals: 0 };
      const moody = moodyActor(
        { budget, tenant: (_message, key) => key },
        { attempts: 1 + (seed % 3), delayMs: (seed % 2) * 50 },
        (['refuse', 'drop-oldest', 'drop-newest'] as const)[seed % 3] ?? 'refuse',
      );
      const wait = (ms: number) => new Promise<void>((resolve) => clock.setTimer(ms, resolve));
      for (let round = 0; round < 4; round++) {
        const refs = [
          await system.spawn(moody, { name: `a${round}` }),
          await system.spawn(moody, { name: `b${round}` }),
        ];
        const repeated = { type: 'work', body: text(100), how: 'well', wait } as const;
        for (let step = 0; step < 60; step++) {
          const ref = refs[below(2)] as (typeof refs)[number];
          const how = (['well', 'crash', 'later', 'late crash', 'postpone', 'defer', 'end', 'leave'] as const)[
            below(8)
          ];
          const message = { type: 'work', body: text(below(400)), how: how ?? 'well', wait } as const;
          try {
            const act = below(14);
            if (act < 6) ref.tell(message);
            else if (act < 9) ref.ask(message, { timeoutMs: 1 + below(100) }).catch(() => most.refusals++);
            else if (act === 9) ref.tell(repeated);
            else if (act === 10) ref.tell({ type: below(2) === 0 ? 'turn' : 'unheard of' } as { type: 'turn' });
            else if (act === 11) system.exit(ref, (['kill', 'oops', 'shutdown'] as const)[below(3)] ?? 'kill');
            else await clock.advance(below(60));
          } catch {
            most.refusals++;
          }
          most.usedBytes = Math.max(most.usedBytes, budget.usedBytes);
        }
        const [first] = refs;
        if (first && below(2) === 0) void system.stop(first, { timeoutMs: 10 }).catch(() => {});
      }
      const stopped = system.stop();
      await clock.advance(60_000);
      await stopped;
      expect(most.usedBytes).toBeGreaterThan(1_000);
      expect(most.refusals).toBeGreaterThan(0);
      expect(budget.usedBytes).toBe(0);
    },
  );
});

type How = 'well' | 'leave' | 'crash' | 'later' | 'late crash' | 'postpone' | 'defer' | 'end';

function moodyActor(
  memory: MailboxMemory,
  retry: NonNullable<KernelOptions['retry']>,
  whenFull: 'refuse' | 'drop-oldest' | 'drop-newest',
) {
  return defineActor('moody', {
    mailbox: { limit: 8, whenFull, memory },
    retry,
    passivateAfterMs: 40,
    state: () => ({ mode: 0 }),
    mode: ({ mode }) => mode,
    on: {
      work: (_state, { how, wait }: { body: string; how: How; wait(ms: number): Promise<void> }, context) => {
        if (how === 'crash') throw new Error(how);
        if (how === 'later') return wait(20);
        if (how === 'late crash') return wait(20).then(() => Promise.reject(new Error(how)));
        if (how === 'postpone') return { actions: [postpone()] };
        if (how === 'defer') context.defer();
        if (how === 'end') return { actions: [stop()] };
        if (how === 'leave') return Promise.reject('normal');
        return undefined;
      },
      turn: ({ mode }) => ({ state: { mode: mode + 1 } }),
    },
  });
}
