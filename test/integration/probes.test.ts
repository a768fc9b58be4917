/** The HTTP probes of a node from its start to its end, as Kubernetes asks them. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineActor, defineApp, startNode } from 'jaegis';
import { expect, it, onTestFinished } from 'vitest';
import { withServers } from '../support/nats.ts';
import { runProgram } from '../support/programs.ts';

const nats = withServers(1);
const door = fileURLToPath(new URL('../../packages/jaegis/src/index.ts', import.meta.url));

async function ask(port: number | undefined, probe: string): Promise<{ status: number; reasons: string[] }> {
  const response = await fetch(`http://127.0.0.1:${port}/${probe}`);
  const { reasons } = (await response.json()) as { reasons: string[] };
  return { status: response.status, reasons };
}

it('a node lives, then has started and is ready, and is not ready any more from the signal on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'jaegis-probes-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  // Its actor takes a signal to start, and another to stop.
  const text = `
    import { once } from 'node:events';
    import { defineActor, defineApp } from '${door}';
    const told = async (what) => {
      const signal = once(process, 'SIGUSR2');
      console.log(what);
      await signal;
      return {};
    };
    const slow = defineActor('slow', { state: () => told('it starts'), stop: () => told('it stops'), on: {} });
    export default defineApp({ actors: [{ name: 'slow', definition: slow, startTimeoutMs: 60_000 }] });
  `;
  const app = join(folder, 'app.ts');
  writeFileSync(app, text);
  const flags = ['--nats', nats.urls.join(), '--cluster', 'probed', '--app', app, '--log-level', 'info'];
  const node = runProgram('packages/cli/src/main.ts', ['node', ...flags, '--probe-port', '0']);
  await node.said('probes are answered');
  const port = Number(/"port":(\d+)/.exec(node.output())?.[1]);
  expect(await ask(port, 'live')).toEqual({ status: 200, reasons: [] });
  expect(await ask(port, 'started')).toEqual({ status: 503, reasons: ['it is starting'] });
  expect(await ask(port, 'ready')).toEqual({ status: 503, reasons: ['it is starting'] });
  await node.said('it starts');
  node.process.kill('SIGUSR2');
  await node.said('ready node-');
  for (const probe of ['live', 'started', 'ready']) {
    expect(await ask(port, probe)).toEqual({ status: 200, reasons: [] });
  }
  node.process.kill('SIGTERM');
  await node.said('it stops');
  expect(await ask(port, 'ready')).toMatchObject({ status: 503, reasons: [expect.stringContaining('stopping')] });
  expect(await ask(port, 'live')).toEqual({ status: 200, reasons: [] });
  node.process.kill('SIGUSR2');
  expect(await node.ended, node.output()).toBe(0);
});

it('a node is not ready from the moment on that it is told to stop, before it leaves the view', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const held = defineActor('held', { state: () => ({}), on: { work: () => released } });
  const options = { cluster: 'told', nats: nats.urls, logLevel: 'silent', threads: 1 } as const;
  await using other = await startNode({ ...options, name: 'n2' });
  const app = defineApp({ actors: [{ name: 'held', definition: held }] });
  await using node = await startNode({ ...options, name: 'n1', app, probes: { port: 0, host: '127.0.0.1' } });
  await expect.poll(() => other.view.members.length).toBe(2);
  expect(await ask(node.probePort, 'ready')).toEqual({ status: 200, reasons: [] });
  node.actor('n1/user/held').tell({ type: 'work' });
  const stopped = node.stop();
  const seen = other.view.members.length;
  expect(await ask(node.probePort, 'ready')).toMatchObject({ status: 503 });
  expect(seen).toBe(2);
  release();
  await stopped;
  await expect(ask(node.probePort, 'live')).rejects.toThrow();
});

it('a node whose server is gone lives and is not ready, so that nobody restarts it for that', async () => {
  const [server] = nats.servers;
  await using node = await startNode({
    name: 'n1',
    cluster: 'alone',
    nats: nats.urls,
    logLevel: 'silent',
    threads: 1,
    probes: { port: 0, host: '127.0.0.1' },
  });
  await server?.kill();
  await expect.poll(() => ask(node.probePort, 'ready')).toMatchObject({ status: 503 });
  expect(await ask(node.probePort, 'live')).toEqual({ status: 200, reasons: [] });
  await server?.restart();
  await expect.poll(() => ask(node.probePort, 'ready'), { timeout: 20_000 }).toMatchObject({ status: 200 });
});

it('a port that is taken is refused by the path of its setting', async () => {
  const probes = { port: 0, host: '127.0.0.1' };
  const options = { cluster: 'taken', nats: nats.urls, logLevel: 'silent', threads: 1 } as const;
  await using node = await startNode({ ...options, name: 'n1', probes });
  const refused = startNode({ ...options, name: 'n2', probes: { ...probes, port: node.probePort ?? 0 } });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_config', data: { path: 'probes.port' } });
});
