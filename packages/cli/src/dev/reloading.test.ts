import { expect, it } from 'vitest';
import type { AppCheck } from './check-app.ts';
import { Reloading } from './reloading.ts';

const sound: AppCheck = { problem: undefined, files: [] };

function reloading(given: { checks?: AppCheck[]; starts?: (name: string) => boolean | Promise<boolean> } = {}) {
  const said: string[] = [];
  const replaced: string[] = [];
  const checks = [...(given.checks ?? [])];
  const reload = new Reloading({
    names: ['n1', 'n2', 'n3'],
    check: async () => checks.shift() ?? sound,
    replace: async (name) => {
      replaced.push(name);
      return given.starts?.(name) ?? true;
    },
    say: (text) => void said.push(text),
  });
  return { reload, said, replaced };
}

it('a sound version is taken over by one node after the other', async () => {
  const { reload, said, replaced } = reloading();
  await reload.changed();
  expect(replaced).toEqual(['n1', 'n2', 'n3']);
  expect(said.at(-1)).toBe('n1 n2 n3 run the new version');
});

it('a version that cannot be loaded replaces nothing, and its problem is shown', async () => {
  const { reload, said, replaced } = reloading({ checks: [{ problem: 'app.ts:2: no', files: [] }] });
  await reload.changed();
  expect(replaced).toEqual([]);
  expect(said.at(-1)).toContain('app.ts:2: no');
  await reload.changed();
  expect(replaced).toEqual(['n1', 'n2', 'n3']);
});

it('a version that does not start stays on the node where that came to light', async () => {
  const { reload, said, replaced } = reloading({ starts: (name) => name !== 'n2' });
  await reload.changed();
  expect(replaced).toEqual(['n1', 'n2']);
  expect(said.at(-1)).toBe('the new version does not start on n2; n3 go on with the old one');
});

it('what changes while nodes go over begins it anew, once', async () => {
  const order: string[] = [];
  const { promise: held, resolve: release } = Promise.withResolvers<boolean>();
  const { reload, replaced } = reloading({
    starts: (name) => {
      order.push(name);
      return order.length === 1 ? held : true;
    },
  });
  const running = reload.changed();
  await expect.poll(() => order).toEqual(['n1']);
  await reload.changed();
  await reload.changed();
  release(true);
  await running;
  expect(replaced).toEqual(['n1', 'n1', 'n2', 'n3']);
});
