/** OTP's tests of aliases, registered names and timers of processes. */
import type { ActorContext } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { testSystem, virtualSystem } from '../support/kernel.ts';
import { agent, heard } from '../support/kernel-agent.ts';
import { probe, told } from '../support/kernel-probe.ts';

const often = { intensity: 100_000, periodMs: 60_000 };
const note = (text: string) => ({ type: 'note', text }) as const;

/** An agent on a clock that stands still. */
async function still() {
  const { system, clock } = virtualSystem(often);
  const log = heard();
  const ref = await system.spawn(agent(log), { restart: 'temporary', name: 'agent' });
  const run = <T>(what: (context: ActorContext) => T) =>
    clock.runUntilSettled(ref.ask({ type: 'run', run: what }) as Promise<T>);
  const texts = () => log.messages.map((message) => (message as unknown as { text: string }).text);
  return { system, clock, ref, run, texts, ...log };
}

describe('an alias', () => {
  it('PRC:alias_bif: takes messages until it is closed; one for a reply takes one', async () => {
    const { run, texts } = await still();
    const alias = await run((context) => context.alias());
    alias.tell(note('before'));
    alias.close();
    alias.tell(note('after'));
    await expect(alias.ask(note('after'))).rejects.toMatchObject({ code: 'actor_stopped' });
    const once = await run((context) => context.alias({ reply: true }));
    once.tell(note('first'));
    once.tell(note('second'));
    await run(() => {});
    expect(texts()).toEqual(['before', 'first']);
  });

  it('PRC:monitor_alias: ends as its monitor was told', async () => {
    const { system, run, texts, signals, clock } = await still();
    const target = await system.spawn(probe('target', told()), { restart: 'temporary' });
    const [explicit, tied, once] = await run((context) =>
      (['explicit', 'demonitor', 'reply'] as const).map((alias) => context.monitor(target, { alias })),
    );
    const say = (made: typeof explicit, text: string) => made?.alias?.tell(note(text));
    say(once, 'reply');
    say(once, 'late reply');
    for (const made of [explicit, tied]) say(made, 'before');
    system.exit(target, 'bye');
    await clock.advance(1);
    for (const made of [explicit, tied]) say(made, 'after');
    await run(() => {});
    expect(texts()).toEqual(['reply', 'before', 'before', 'after']);
    expect(signals).toHaveLength(2); // the reply has ended the third
  });
});

describe('a name', () => {
  it('PRC:bad_register: that is none, of one that is dead, of what is no actor', async () => {
    const { system } = testSystem(often);
    const ref = await system.spawn(probe('a', told()));
    for (const name of ['', 'a b', 'undefined', 7, null]) {
      expect(() => system.register(name as string, ref)).toThrow(
        expect.objectContaining({ code: 'invalid_definition' }),
      );
    }
    await system.stop(ref);
    expect(() => system.register('a', ref)).toThrow(expect.objectContaining({ code: 'no_such_actor' }));
    expect(() => system.register('a', { address: 'garbage' })).toThrow(
      expect.objectContaining({ code: 'no_such_actor' }),
    );
    expect(() => system.unregister('a')).toThrow(expect.objectContaining({ code: 'no_such_actor' }));
    system.named('a').tell({ type: 'hello' });
    expect(system.deadLetters.list()).toMatchObject([{ to: 'a', reason: 'no_such_actor' }]);
    await expect(system.named('a').ask({ type: 'hello' })).rejects.toMatchObject({ code: 'no_such_actor' });
    await system.stop();
  });

  it('REG:otp_8099: is free at once when its holder is killed', async () => {
    const { system } = testSystem(often);
    for (let time = 0; time < 5_000; time++) {
      const ref = await system.spawn(probe('a', told()), { restart: 'temporary' });
      system.register('desk', ref);
      expect(system.whereis('desk')).toBe(ref);
      if (time % 2 === 0) system.unregister('desk');
      system.exit(ref, 'kill');
      expect(system.whereis('desk')).toBeUndefined();
    }
    await system.stop();
  });
});

describe('a timer', () => {
  it('TMR:start_timer_1: fires once; is read and taken back before, and no longer then', async () => {
    const { run, clock, texts } = await still();
    const [fires, cancelled] = await run((context) => [
      context.sendAfter(1_000, note('fired')),
      context.sendAfter(1_000, note('never')),
    ]);
    await clock.advance(300);
    expect([fires?.left(), cancelled?.cancel(), cancelled?.cancel(), cancelled?.left()]).toEqual([
      700,
      700,
      false,
      false,
    ]);
    await clock.advance(700);
    expect([texts(), fires?.left(), fires?.cancel()]).toEqual([['fired'], false, false]);
  });

  it('TMR:send_after_2/3: in the order of time', async () => {
    const { run, clock, texts } = await still();
    const times = [5_000, 0, 200, 100, 500, 300, 400, 101, 102, 103];
    await run((context) => {
      for (const ms of times) context.sendAfter(ms, note(String(ms)));
    });
    await clock.advance(5_000);
    expect(texts().map(Number)).toEqual(times.toSorted((a, b) => a - b));
  });

  it.each([-1, 4.5, Number.NaN, '5', null, 2 ** 64, {}, { at: 'noon' }])(
    'TMR:start_timer_e/send_after_e/cancel_timer_e: of %j is refused',
    async (time) => {
      const { run, clock } = await still();
      const code = await run((context) => {
        try {
          context.sendAfter(time as number, note('never'));
          return 'started';
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
      expect(code).toBe('invalid_message');
      await clock.advance(5_000); // the time of the ask above
      expect(clock.pending).toBe(0);
    },
  );

  it('TMR:cleanup: leaves nothing behind when it fired, was taken back, or its receiver is gone', async () => {
    const { system, run, clock } = await still();
    const other = await system.spawn(probe('other', told()), { restart: 'temporary' });
    const timers = await run((context) => [
      context.sendAfter(10, note('fires')),
      context.sendAfter(60_000, note('cancelled')),
      context.sendAfter(60_000, note('of the dead'), other),
    ]);
    timers[1]?.cancel();
    system.exit(other, 'kill');
    await clock.advance(10);
    expect(timers.map((timer) => timer.left())).toEqual([false, false, false]);
    const late = await run((context) => context.sendAfter(60_000, note('to the dead'), other));
    expect(late.left()).toBe(false);
    await clock.advance(5_000); // the time of the asks above
    expect(clock.pending).toBe(0);
  });

  it('TMR:auto_cancel_yielding: all of one that is killed vanish', async () => {
    const { system, run, clock, ref } = await still();
    await run((context) => {
      for (let count = 0; count < 5_000; count++) context.sendAfter(1_000_000 + count, note('far'));
    });
    expect(clock.pending).toBeGreaterThanOrEqual(5_000);
    system.exit(ref, 'kill');
    await clock.advance(5_000); // the time of the ask above
    expect(clock.pending).toBe(0);
  });
});
