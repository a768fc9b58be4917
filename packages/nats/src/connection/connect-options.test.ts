import { silentLogger } from '@jaegis/core';
import { expect, test } from 'vitest';
import { checkServers, clientOptions } from './connect-options.ts';

test.each([['nats://127.0.0.1:4222'], ['tls://nats.example.org'], ['localhost:4222'], ['[::1]:4222']])(
  'the address %s is taken',
  (server) => {
    expect(() => checkServers([server])).not.toThrow();
  },
);

test.each([
  ['no address', [], 'servers'],
  ['another protocol', ['nats://a:1', 'http://b:2'], 'servers[1]'],
  ['no host', ['nats://'], 'servers[0]'],
  ['a port that is none', ['a:99999'], 'servers[0]'],
])('%s is refused with its path', (_, servers, path) => {
  expect(() => checkServers(servers)).toThrow(
    expect.objectContaining({ code: 'invalid_config', data: expect.objectContaining({ path }) }),
  );
});

test('credentials in an address are refused, and are not in the error', () => {
  const check = () => checkServers(['nats://ann:secret@a:4222']);
  expect(check).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  expect(check).not.toThrow(/secret/);
});

test('what the user did not set is not handed on as undefined', () => {
  const options = clientOptions({ servers: ['a'], logger: silentLogger, auth: { token: 't' } });
  expect(Object.values(options)).not.toContain(undefined);
  expect(options).toMatchObject({ servers: ['a'], reconnect: true, maxReconnectAttempts: -1 });
});
