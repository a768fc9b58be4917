/** OTP's tests of gen_statem: timeouts of the mode, of silence and by name. */
import { type Action, cancelTimeout, defineActor, next, postpone, timeout, updateTimeout } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { virtualSystem } from '../support/kernel.ts';
import { settled } from '../support/kernel-probe.ts';

const note = (text: string) => ({ type: 'note', text }) as const;

/** Logs what it handles with its time, and does what it is told. */
async function running() {
  const { system, clock } = virtualSystem();
  const log: string[] = [];
  const machine = defineActor('machine', {
    state: () => ({ mode: 'start' }),
    mode: (state) => state.mode,
    on: {
      to: (state, message: { mode?: string; actions: readonly Action[] }) => ({
        state: message.mode === undefined ? state : { mode: message.mode },
        actions: message.actions,
        reply: true,
      }),
      note: (state, message: { text: string }) =>
        void log.push(`${message.text} in ${state.mode} at ${clock.monotonic()}`),
      once: (state, message: { text: string }) => {
        log.push(`${message.text} in ${state.mode} at ${clock.monotonic()}`);
        return state.mode === 'start' ? { actions: [postpone()] } : {};
      },
      ping: () => ({ reply: 'pong' }),
    },
  });
  const ref = await system.spawn(machine);
  const to = (actions: readonly Action[], mode?: string) =>
    ref.tell({ type: 'to', actions, ...(mode === undefined ? {} : { mode }) });
  return { system, clock, ref, log, to };
}

describe('a timeout of the mode', () => {
  it('STM:state_timeout (a): ends with its mode; those of the new one count', async () => {
    const { clock, log, to } = await running();
    to([timeout('mode', 10, note('old mode')), timeout('idle', 10, note('old idle'))]);
    to([timeout('mode', 20, note('new mode'))], 'other');
    await clock.advance(100);
    expect(log).toEqual(['new mode in other at 20']);
  });

  it('STM:state_timeout (b): of zero it comes after what was inserted, which takes the one of silence back', async () => {
    const { clock, log, to } = await running();
    to([timeout('mode', 0, note('mode')), timeout('idle', 0, note('idle')), next(note('inserted'))]);
    await clock.advance(10);
    expect(log).toEqual(['inserted in start at 0', 'mode in start at 0']);
  });

  it('STM:state_timeout (d): messages leave it running', async () => {
    const { clock, log, to, ref } = await running();
    to([timeout('mode', 500, note('mode'))], 'third');
    for (const time of [100, 200]) {
      await clock.advance(100);
      ref.tell(note(`message ${time}`));
    }
    expect(await ref.ask({ type: 'ping' })).toBe('pong');
    await clock.advance(1_000);
    expect(log.at(-1)).toBe('mode in third at 500');
  });

  it('STM:state_timeout (e): set again it counts anew, and the old one never fires', async () => {
    const { clock, log, to } = await running();
    to([timeout('mode', 100, note('old'))]);
    await clock.advance(50);
    to([timeout('mode', 100, note('new'))]);
    await clock.advance(1_000);
    expect(log).toEqual(['new in start at 150']);
  });
});

describe('a timeout', () => {
  it('STM:timeout_cancel_and_update (a): that was taken back never fires', async () => {
    const { clock, log, to } = await running();
    to([timeout('mode', 10, note('mode')), timeout('a', 10, note('a'))]);
    to([cancelTimeout('mode'), cancelTimeout('a'), cancelTimeout('unknown')]);
    await clock.advance(100);
    expect(log).toEqual([]);
  });

  it('STM:timeout_cancel_and_update (b): has another message at the same time, also when it has fired already', async () => {
    const { clock, log, to } = await running();
    to([timeout('a', 100, note('old'))]);
    await clock.advance(60);
    to([updateTimeout('a', note('new'))]);
    await clock.advance(60);
    expect(log).toEqual(['new in start at 100']);
    to([timeout('b', 0, note('old')), next({ type: 'to', actions: [updateTimeout('b', note('newest'))] } as never)]);
    await clock.advance(1);
    expect(log.at(-1)).toBe('newest in start at 120');
  });

  it('STM:generic_timers (b): by name, relative and absolute, none for infinity', async () => {
    const { clock, log, to } = await running();
    to([timeout('a', 50, note('a')), timeout('b', 100, note('b')), timeout('c', 100, note('c'))]);
    to([
      timeout('a', 1_000, note('a again')),
      timeout('b', 'infinity', note('b again')),
      timeout('c', { at: 500 }, note('c again')),
      timeout('d', 0, note('d')),
    ]);
    await clock.advance(5_000);
    expect(log).toEqual(['d in start at 0', 'c again in start at 500', 'a again in start at 1000']);
  });

  it('STMdoc:timeout infinity: starts none and takes back the one of its name', async () => {
    const { clock, log, to } = await running();
    for (const name of ['mode', 'idle', 'named'])
      to([timeout(name, 10, note(name)), timeout(name, 'infinity', note(name))]);
    await clock.advance(100);
    expect(log).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('a timeout of silence', () => {
  it.each([
    ['a message from outside', []],
    ['one that is handled again', ['again']],
    ['one that was inserted', ['inserted']],
    ['a timeout of the mode', ['zero']],
  ])('STMdoc:event_timeout: is taken back by %s', async (_what, [how]) => {
    const { clock, log, to, ref } = await running();
    if (how === 'again') ref.tell({ type: 'once', text: 'again' });
    const extra: Action[] = [];
    if (how === 'inserted') extra.push(next(note('inserted')));
    if (how === 'zero') extra.push(timeout('mode', 0, note('zero')));
    to([timeout('idle', 10, note('idle')), ...extra], how === 'again' ? 'other' : undefined);
    if (how === undefined) ref.tell(note('from outside'));
    await clock.advance(100);
    expect(log.filter((entry) => entry.startsWith('idle'))).toEqual([]);
    expect(log.length).toBeGreaterThan(0);
  });

  it('STMdoc:event_timeout: and not by inspection', async () => {
    const { system, clock, log, to } = await running();
    to([timeout('idle', 10, note('idle'))]);
    await clock.advance(5);
    expect(system.inspect().children).toHaveLength(1);
    await clock.advance(5);
    expect(log).toEqual(['idle in start at 10']);
  });

  it('STM:do_sync_func_test timeout: at a time of the clock, set again by itself at zero, and put aside like any message', async () => {
    const { clock, log, to } = await running();
    await clock.advance(30);
    to([timeout('idle', { at: 80 }, { type: 'to', actions: [timeout('idle', 0, note('again'))] } as never)]);
    await clock.advance(100);
    expect(log).toEqual(['again in start at 80']);
    to([timeout('idle', 10, { type: 'once', text: 'put aside' } as never)]);
    await clock.advance(10);
    to([], 'other');
    await settled();
    expect(log.slice(1)).toEqual(['put aside in start at 140', 'put aside in other at 140']);
  });
});
