import { expect, test } from 'vitest';
import { planCluster, serverConfig } from './server-config.ts';

test('one server has no routes, listens on this machine only and writes through', () => {
  const plan = planCluster('jaegis-x', [1, 2, 3], ['/store "1"'], { sync: 'always' });
  const [server] = plan.servers;
  expect(server && serverConfig(plan, server)).toBe(
    [
      'server_name: "jaegis-x-1"',
      'host: "127.0.0.1"',
      'port: 1',
      'http: "127.0.0.1:2"',
      'jetstream: { store_dir: "/store \\"1\\"", sync_interval: "always" }',
      '',
    ].join('\n'),
  );
});

test('three servers each know all routes and share no port and no store', () => {
  const plan = planCluster('c', [1, 2, 3, 4, 5, 6, 7, 8, 9], ['/a', '/b', '/c'], { sync: '2m' });
  const ports = plan.servers.flatMap(({ port, monitorPort, clusterPort }) => [port, monitorPort, clusterPort]);
  expect(new Set(ports).size).toBe(9);
  for (const server of plan.servers) {
    const config = serverConfig(plan, server);
    for (const { clusterPort } of plan.servers) expect(config).toContain(`"nats://127.0.0.1:${clusterPort}"`);
    expect(config).toContain('sync_interval: "2m"');
    expect(config).toContain(`cluster: { name: "c", host: "127.0.0.1", port: ${server.clusterPort},`);
  }
});
