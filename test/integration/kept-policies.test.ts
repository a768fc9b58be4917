/** Policies of a node whose process is killed, on a real server. */
import { expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';
import { connection } from '../support/roles.ts';

const nats = withServers(1);

test('a breaker that is open when its process is killed is open when the node starts again', async () => {
  const run = () => runProgram('test/integration/kept-main.ts', ['kept', nats.urls.join()]);
  const first = run();
  await first.said('at first well');
  await first.said('then breaker_open');
  expect(first.output()).toContain('its type at first actor_crashed\nits type then breaker_open');
  const store = await (await connection(nats.urls, { jetStream: true })).openStore({
    name: 'JAEGIS_kept_BREAKERS',
    replicas: 1,
    storage: 'file',
  });
  for (const key of ['prices', 'type=2Ftill']) {
    await expect.poll(() => store.get(`kept.n1.${key}`), { timeout: 10_000 }).toBeDefined();
  }
  first.process.kill('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');
  const second = run();
  await second.said('its type at first');
  expect(second.output()).toContain('at first breaker_open\nits type at first breaker_open');
});
