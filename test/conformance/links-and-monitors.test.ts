/** OTP's tests of exit signals, links and monitors. */
import { type ActorContext, type AnyRef, defineActor, type SpawnOptions } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { testSystem, virtualSystem } from '../support/kernel.ts';
import { agent, heard } from '../support/kernel-agent.ts';
import { probe, settled, told } from '../support/kernel-probe.ts';

/** What the kernel keeps of the bonds of an actor. */
interface Process {
  readonly bonds?: Readonly<Record<'links' | 'watchers' | 'watching', ReadonlySet<unknown>>>;
}

const often = { intensity: 100_000, periodMs: 60_000 };

/** Agents of one system, temporary unless said otherwise. */
async function agents() {
  const { system } = testSystem(often);
  const start = async (options: { trapExits?: boolean; spawn?: SpawnOptions } = {}) => {
    const log = heard();
    const ref = await system.spawn(agent(log, options), { restart: 'temporary', ...options.spawn });
    const run = <T>(what: (context: ActorContext) => T) => ref.ask({ type: 'run', run: what }) as Promise<T>;
    return { ref, run, ...log };
  };
  const dies = (ref: AnyRef) => system.monitor(ref).down.then(({ reason }) => reason);
  return { system, start, dies };
}

describe('exit reasons', () => {
  it('PRC:t_exit_1: arrive at who is linked and traps, however large', async () => {
    const { start, system } = await agents();
    const reason = {
      code: 7,
      list: Array.from({ length: 1_000 }, (_, index) => ({ index, text: 'x'.repeat(index % 10) })),
    };
    const trapper = await start({ trapExits: true });
    const child = await system.spawn(probe('kid', told()), { restart: 'temporary' });
    await trapper.run((context) => context.link(child));
    child.tell({ type: 'fail', reason });
    // The first is there before the signal, and the second behind it.
    await trapper.run(() => {});
    await trapper.run(() => {});
    expect(trapper.signals).toEqual([{ type: 'exit', from: child, reason }]);
    await system.stop();
  });

  it('PRC:t_exit_2_other_normal: `normal` from another ends nobody', async () => {
    const { start, system } = await agents();
    const [one, other] = [await start(), await start()];
    await one.run((context) => context.exit(other.ref, 'normal'));
    expect(await other.run(() => 'alive')).toBe('alive');
    expect(other.signals).toEqual([]);
    await system.stop();
  });

  it('PRC:self_exit: to itself is a message for one that traps', async () => {
    const { start, system } = await agents();
    const one = await start({ trapExits: true });
    for (let count = 0; count < 200; count++) await one.run((context) => context.exit(context.self, `x ${count}`));
    await one.run(() => {});
    expect(one.signals.map(({ reason }) => reason)).toEqual(Array.from({ length: 200 }, (_, count) => `x ${count}`));
    await system.stop();
  });

  it('PRC:exit_and_timeout: one that a signal ends runs no more, whatever else is due', async () => {
    const { system, clock } = virtualSystem(often);
    const log = heard();
    const ref = await system.spawn(agent(log), { restart: 'temporary' });
    void ref.ask({ type: 'run', run: (context) => void context.sendAfter(10, { type: 'note', text: 'timeout' }) });
    const { down } = system.monitor(ref);
    clock.setTimer(10, () => system.exit(ref, 'signal'));
    await clock.advance(100);
    expect(await down).toMatchObject({ reason: 'signal' });
    expect(log.messages.length).toBeLessThanOrEqual(1);
    const before = log.messages.length;
    ref.tell({ type: 'note', text: 'later' });
    await clock.advance(10);
    expect(log.messages).toHaveLength(before);
  });

  it.each([
    ['in a handler', 'handler'],
    ['at its start', 'start'],
  ])('PRC:trap_exit_badarg / trap_exit_badarg_in_bif: an error %s arrives with its stack', async (_where, where) => {
    const { start, system } = await agents();
    const broken = defineActor('broken', {
      state: async () => {
        await Promise.resolve();
        if (where === 'start') (undefined as unknown as () => void)();
        return 0;
      },
      on: { go: () => (undefined as unknown as () => undefined)() },
    });
    const trapper = await start({ trapExits: true });
    await trapper.run((context) => {
      const kid = context.spawn(broken, { link: true, restart: 'temporary' });
      kid.tell({ type: 'go' });
    });
    await expect.poll(() => trapper.signals.length).toBe(1);
    expect(trapper.signals).toMatchObject([
      { reason: { name: 'TypeError', stack: expect.stringContaining('links-and-monitors') } },
    ]);
    await system.stop();
  });

  it('SIG:xm_sig_order: what is sent after an exit signal is never handled; the signal overtakes what waits', async () => {
    const { start, system, dies } = await agents();
    for (let time = 0; time < 200; time++) {
      const [sender, target] = [await start(), await start()];
      const ended = dies(target.ref);
      await sender.run((context) => {
        for (const text of ['1', '2', '3']) target.ref.tell({ type: 'note', text });
        context.exit(target.ref, 'r');
        for (const text of ['4', '5', '6']) target.ref.tell({ type: 'note', text });
      });
      expect(await ended).toBe('r');
      expect(
        target.messages.map((message) => (message as { text?: string }).text).filter((text) => Number(text) > 3),
      ).toEqual([]);
    }
    await system.stop();
  });

  it.each([1, 2, 9, 10])('SIG:kill2killed (exit2): `kill` is `killed` behind a chain of %i links', async (length) => {
    const { start, system } = await agents();
    const head = await start({ trapExits: true });
    let last = head;
    for (let count = 0; count < length; count++) {
      const link = await start();
      const before = last.ref;
      await link.run((context) => context.link(before));
      last = link;
    }
    system.exit(last.ref, 'kill');
    await head.run(() => {});
    expect(head.signals.map(({ reason }) => reason)).toEqual(['killed']);
    await system.stop();
  });

  it('SIG:kill2killed (exit1): one that ends itself with `kill` is an ordinary end', async () => {
    const { start, system } = await agents();
    const head = await start({ trapExits: true });
    const kid = await system.spawn(probe('kid', told()), { restart: 'temporary' });
    await head.run((context) => context.link(kid));
    kid.tell({ type: 'fail', reason: 'kill' });
    await head.run(() => {});
    expect(head.signals.map(({ reason }) => reason)).toEqual(['kill']);
    await system.stop();
  });
});

describe('links', () => {
  it('LNK:links: are single, work both ways and end with one of the two', async () => {
    const { start, system, dies } = await agents();
    const [a, b] = [await start({ trapExits: true }), await start()];
    for (const [from, to] of [
      [a, b],
      [b, a],
      [a, b],
    ] as const) {
      await from.run((context) => context.link(to.ref));
      await to.run((context) => context.unlink(from.ref));
    }
    await a.run((context) => context.link(b.ref));
    await b.run((context) => context.link(a.ref));
    system.exit(b.ref, 'died');
    await a.run(() => {});
    expect(a.signals).toMatchObject([{ type: 'exit', reason: 'died' }]);
    expect((a.ref as unknown as Process).bonds?.links.size).toBe(0);
    const [c, d] = [await start(), await start()];
    await c.run((context) => context.link(d.ref));
    const ended = dies(c.ref);
    system.exit(d.ref, 'died');
    expect(await ended).toBe('died');
    await system.stop();
  });

  it('LNK:otp_5772_link: after unlink has returned no exit arrives that was not there', async () => {
    const { start, system } = await agents();
    const trapper = await start({ trapExits: true });
    for (let time = 0; time < 100; time++) {
      const child = await start();
      const before = await trapper.run((context) => {
        context.link(child.ref);
        context.exit(child.ref, 'bang');
        context.unlink(child.ref);
        return trapper.signals.length;
      });
      await trapper.run(() => {});
      expect(trapper.signals.length - before).toBeLessThanOrEqual(1);
      const after = trapper.signals.length;
      await settled();
      await trapper.run(() => {});
      expect(trapper.signals).toHaveLength(after);
    }
    await system.stop();
  });
});

describe('monitors', () => {
  it('LNK:process_monitors: belong to who made them; one `down`; at once for one that is not there', async () => {
    const { start, system } = await agents();
    const [one, third, target] = [await start(), await start(), await start({ spawn: { register: 'target' } })];
    const made = await one.run((context) => context.monitor(target.ref));
    expect(
      await third.run((context) => {
        try {
          return context.demonitor(made);
        } catch (error) {
          return (error as { code: string }).code;
        }
      }),
    ).toBe('invalid_definition');
    expect(await one.run((context) => context.demonitor(made))).toBe(true);
    await one.run((context) => context.monitor('target'));
    system.exit(target.ref, 'bye');
    await one.run((context) => {
      context.monitor(target.ref);
      context.monitor('target');
    });
    await one.run(() => {});
    expect(one.signals.map(({ reason }) => reason)).toEqual(['bye', 'noproc', 'noproc']);
    await system.stop();
  });

  it('LNK:process_monitors (self): of oneself never fire', async () => {
    const { start, system } = await agents();
    const one = await start({ spawn: { register: 'me' } });
    await one.run((context) => {
      context.monitor(context.self);
      context.monitor('me');
    });
    await one.run(() => {});
    expect(one.signals).toEqual([]);
    system.exit(one.ref, 'bye');
    expect(one.signals).toEqual([]);
    await system.stop();
  });

  it('MON:case_1/1a: one whose target kills it and ends', async () => {
    const { start, system } = await agents();
    const [holder, a, b] = [await start({ trapExits: true }), await start(), await start()];
    await holder.run((context) => context.link(a.ref));
    await a.run((context) => context.monitor(b.ref));
    await b
      .run((context) => {
        context.exit(a.ref, 'kill');
        context.exit(context.self, 'done');
      })
      .catch(() => {});
    await holder.run(() => {});
    expect(holder.signals.map(({ reason }) => reason)).toEqual(['killed']);
    await system.stop();
  });

  it('MON:case_2/2a: another cannot take it back', async () => {
    const { start, system } = await agents();
    const [a, b] = [await start(), await start()];
    const made = await a.run((context) => context.monitor(b.ref));
    await expect(b.ref.ask({ type: 'run', run: (context) => context.demonitor(made) })).rejects.toMatchObject({
      cause: { code: 'invalid_definition' },
    });
    await a.run(() => {});
    expect(a.signals).toMatchObject([{ type: 'down', reason: { code: 'invalid_definition' } }]);
    await system.stop();
  });

  it('MON:demon_2: taken back twice; before the end there is no `down`', async () => {
    const { start, system } = await agents();
    const [a, b] = [await start(), await start()];
    const made = await a.run((context) => context.monitor(b.ref));
    expect(await a.run((context) => context.demonitor(made))).toBe(true);
    await a.run((context) => context.demonitor(made));
    await system.stop(b.ref);
    await a.run(() => {});
    expect(a.signals).toEqual([]);
    await a.run((context) => context.monitor(b.ref));
    await a.run(() => {});
    expect(a.signals).toMatchObject([{ reason: 'noproc' }]);
    await system.stop();
  });

  it('MON:local_remove_monitor: taken back with info: true means no `down`, false that it is there', async () => {
    const { start, system } = await agents();
    const one = await start();
    for (let time = 0; time < 1_000; time++) {
      const target = await system.spawn(probe('target', told()), { restart: 'temporary' });
      const inTime = await one.run((context) => {
        const made = context.monitor(target);
        if (time % 2 === 0) context.exit(target, 'kill');
        return context.demonitor(made, { info: true });
      });
      await one.run(() => {});
      expect([inTime, one.signals.splice(0).length]).toEqual(time % 2 === 0 ? [false, 1] : [true, 0]);
      if (time % 2 === 1) await system.stop(target);
    }
    await system.stop();
  });

  it('MON:list_cleanup: leave nothing behind, whoever ends', async () => {
    const { start, system } = await agents();
    const bonds = (ref: AnyRef) => {
      const { watchers, watching } = (ref as unknown as Process).bonds ?? {};
      return [watchers?.size ?? 0, watching?.size ?? 0];
    };
    const [a, b, c] = [await start(), await start(), await start()];
    const made = await a.run((context) => context.monitor(b.ref));
    expect([bonds(a.ref), bonds(b.ref)]).toEqual([
      [0, 1],
      [1, 0],
    ]);
    await a.run((context) => context.demonitor(made));
    expect([bonds(a.ref), bonds(b.ref)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    await a.run((context) => context.monitor(c.ref));
    system.exit(c.ref, 'x');
    expect(bonds(a.ref)).toEqual([0, 0]);
    await a.run((context) => context.monitor(b.ref));
    system.exit(a.ref, 'crash');
    expect(bonds(b.ref)).toEqual([0, 0]);
    await system.stop();
  });

  it('MON:named_down: when it comes the name is free', async () => {
    const { system } = testSystem(often);
    const results: unknown[] = [];
    const taker = defineActor('taker', {
      state: (_key, context) => context.monitor('desk'),
      signals: {
        down: (_state, _signal, context) => {
          context.register('desk');
          results.push(context.whereis('desk') === context.self);
        },
      },
      on: { sync: () => ({ reply: true }) },
    });
    for (let time = 0; time < 100; time++) {
      const holder = await system.spawn(probe('holder', told()), { register: 'desk', restart: 'temporary' });
      const ref = await system.spawn(taker);
      system.exit(holder, 'kill');
      await ref.ask({ type: 'sync' });
      await system.stop(ref);
    }
    expect(results).toEqual(Array.from({ length: 100 }, () => true));
    await system.stop();
  });

  it('PRC:monitor_tag: the `down` carries its tag, also when there is nobody', async () => {
    const { start, system } = await agents();
    const [one, target] = [await start(), await start()];
    await one.run((context) => {
      context.monitor(target.ref, { tag: { my: 'tag' } });
      context.monitor('nobody', { tag: 7 });
    });
    system.exit(target.ref, 'bye');
    await one.run(() => {});
    expect(one.signals).toMatchObject([
      { reason: 'noproc', tag: 7 },
      { reason: 'bye', tag: { my: 'tag' } },
    ]);
    await system.stop();
  });
});

describe('a child that is spawned', () => {
  const crashing = defineActor('crashing', {
    state: () => 0,
    enter: () => {
      throw new Error('first step');
    },
    on: {},
  });

  it('PRC:spawn_request_bif: with link and monitor: its ref first, then its end; bad options and arguments throw', async () => {
    const { start, system } = await agents();
    const trapper = await start({ trapExits: true });
    const options = { link: true, monitor: true, restart: 'temporary' } as const;
    const child = await trapper.run((context) => {
      const kid = context.spawn(probe('kid', told()), options);
      kid.tell({ type: 'end', reason: 'bye' });
      return { address: kid.address, seen: trapper.signals.length };
    });
    expect(child.seen).toBe(0);
    await trapper.run(() => {});
    expect(trapper.signals.map(({ type, reason }) => [type, reason]).sort()).toEqual([
      ['down', 'bye'],
      ['exit', 'bye'],
    ]);
    for (const bad of [{ restart: 'sometimes' }, { shutdown: -1 }, { name: 'a b' }]) {
      const code = await trapper.run((context) => {
        try {
          context.spawn(probe('kid', told()), bad as never);
          return 'started';
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      expect(code).toBe('invalid_definition');
    }
    await system.stop();
  });

  it('PRC:spawn_request_monitor_child_exit / link_child_exit: and crashes at its first step: the ref, then its end', async () => {
    const { start, system } = await agents();
    const trapper = await start({ trapExits: true });
    const seen = await trapper.run((context) => {
      const kid = context.spawn(crashing, { link: true, monitor: true, restart: 'temporary' });
      return [typeof kid.address, trapper.signals.length];
    });
    expect(seen).toEqual(['string', 0]);
    await trapper.run(() => {});
    expect(trapper.signals.map(({ type }) => type).sort()).toEqual(['down', 'exit']);
    await system.stop();
  });

  it('PRC:spawn_request_link_parent_exit: does not survive its parent', async () => {
    const { system } = testSystem(often);
    const log = told();
    const parent = defineActor('parent', {
      state: (_key, context) => context.spawn(probe('kid', log), { link: true }),
      on: {
        go: () => {
          throw new Error('as asked');
        },
      },
    });
    for (let time = 0; time < 300; time++) (await system.spawn(parent, { restart: 'temporary' })).tell({ type: 'go' });
    await expect.poll(() => log.ended.length).toBe(300);
    expect(log.begun).toHaveLength(300);
    expect(system.inspect().children).toEqual([]);
    await system.stop();
  });
});
