import { ServerNotFoundError } from '@jaegis/core';
import { expect, test } from 'vitest';
import type { ServerBinary, ServerOrigin } from './binary.ts';
import { firstThatWorks, type Way } from './find-server.ts';
import { describeServerEvent, type ServerEvent } from './server-event.ts';

const binary: ServerBinary = { path: '/cache/nats-server', version: '2.15.1', origin: 'cache' };

function way(origin: ServerOrigin, found?: ServerBinary): Way & { asked: number } {
  const made = {
    origin,
    where: `place of ${origin}`,
    asked: 0,
    async find() {
      made.asked += 1;
      if (found === undefined) throw new Error(`nothing in ${origin}`);
      return found;
    },
  };
  return made;
}

test('the ways are tried in order until one works, and those after it are not', async () => {
  const ways = [way('path'), way('cache', binary), way('release')];
  const lines: string[] = [];
  await expect(firstThatWorks(ways, (event) => lines.push(describeServerEvent(event)))).resolves.toBe(binary);
  expect(ways.map(({ asked }) => asked)).toEqual([1, 1, 0]);
  expect(lines).toEqual([
    'nats-server: looking in the PATH (place of path)',
    'nats-server: not from the PATH: nothing in path',
    'nats-server: looking in the cache (place of cache)',
    'nats-server: 2.15.1 found in the cache: /cache/nats-server',
  ]);
});

test('when nothing works the error lists every place with its reason and names the fix', async () => {
  const found = firstThatWorks([way('path'), way('release'), way('debian')], () => {});
  const error = await found.catch((reason) => reason);
  expect(error).toBeInstanceOf(ServerNotFoundError);
  expect(error.message).toContain('NATS_SERVER');
  expect(error.message).toContain('\n- the PATH (place of path): nothing in path');
  expect(error.message).toContain('\n- the Debian package (place of debian): nothing in debian');
  expect(error.data.tried).toHaveLength(3);
  expect(error.data.tried[1]).toEqual({
    origin: 'release',
    where: 'place of release',
    reason: 'nothing in release',
  });
});

const events: [ServerEvent, string][] = [
  [{ type: 'too-old', path: '/usr/bin/nats-server', version: '2.9.1' }, '2.9.1, older than 2.12.0'],
  [{ type: 'downloading', what: 'a.tar.gz', receivedBytes: 2 ** 20, totalBytes: 3 * 2 ** 20 }, '1.0 of 3.0 MiB'],
  [{ type: 'downloading', what: 'a.tar.gz', receivedBytes: 2 ** 19 }, 'a.tar.gz, 0.5 MiB'],
  [{ type: 'asking', what: 'reading lists', percent: 12.6 }, 'reading lists, 13 %'],
  [{ type: 'verified', what: 'a.tar.gz' }, 'checksum of a.tar.gz is right'],
  [{ type: 'unpacking', what: 'a.tar.gz' }, 'unpacking a.tar.gz'],
  [{ type: 'starting', count: 1, version: '2.15.1' }, 'starting one server 2.15.1'],
  [{ type: 'starting', count: 3, version: '2.15.1' }, 'starting 3 servers 2.15.1'],
  [{ type: 'retrying', reason: 'a port was taken' }, 'again: a port was taken'],
  [{ type: 'ready', urls: ['nats://a', 'nats://b'], tookMs: 1.4 }, 'ready after 1 ms at nats://a, nats://b'],
];

test.each(events)('the event %j is one plain line', (event, part) => {
  const line = describeServerEvent(event);
  expect(line).toContain(part);
  expect(line).toMatch(/^nats-server: [^\n]+$/);
});
