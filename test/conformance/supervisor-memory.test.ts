/** OTP's tests of its supervisor: what it does not keep of temporary children. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ChildSpec } from '@jaegis/actors';
import { describe, expect, it } from 'vitest';
import { probe, told } from '../support/kernel-probe.ts';
import { supervise } from '../support/kernel-supervised.ts';

const simple = { strategy: 'simple_one_for_one' } as const;

/** Frees what nobody holds any more. */
async function collect(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

/** Starts a child with an argument of its own, which nobody here holds. */
async function withArgument(start: (argument: object) => Promise<unknown>): Promise<WeakRef<object>> {
  const argument = { text: 'x'.repeat(10_000) };
  await start(argument);
  return new WeakRef(argument);
}

const isKept = (held: readonly WeakRef<object>[]) => held.map((weak) => weak.deref() !== undefined);

describe('arguments of a start', () => {
  it.each(['permanent', 'transient', 'temporary'] as const)(
    'SUP:do_not_save_start_parameters_for_temporary_children: are kept for restarts only (%s)',
    async (restart) => {
      const start = (_argument: object) => probe('x', told());
      const instances = await supervise(simple, [{ id: 'x', restart, start }]);
      const named = await supervise({}, []);
      const held = [
        await withArgument((argument) => instances.supervisor.startChild(argument)),
        await withArgument((argument) => named.supervisor.startChild({ id: 'x', restart, start, args: [argument] })),
      ];
      await collect();
      const isForRestarts = restart !== 'temporary';
      expect(isKept(held)).toEqual([isForRestarts, isForRestarts]);
      expect(await Promise.all([instances.counts(), named.counts()])).toEqual([
        [1, 1, 0, 1],
        [1, 1, 0, 1],
      ]);
    },
  );

  it('SUP:simple_one_for_one_corruption: also where another instance has crashed', async () => {
    const template: ChildSpec = { id: 'x', restart: 'temporary', start: (_argument: object) => probe('x', told()) };
    const { supervisor, clock, counts } = await supervise(simple, [template]);
    const first = await supervisor.startChild({});
    first?.tell({ type: 'fail' });
    await clock.advance(1);
    const held = await withArgument((argument) => supervisor.startChild(argument));
    await collect();
    expect([isKept([held]), await counts()]).toEqual([[false], [1, 1, 0, 1]]);
  });
});
