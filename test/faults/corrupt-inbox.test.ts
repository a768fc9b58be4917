/** Messages of inboxes damaged on purpose, in a real stream and on a real server's disk. */
import { join } from 'node:path';
import { inboxSubjects } from '@jaegis/cluster';
import type { InboxMessage } from '@jaegis/core';
import { connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { pinoLogger, startNode } from 'jaegis';
import { describe, expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';
import { app, flipIn, lastTurn, page } from './corrupt-app.ts';

const patient = { timeoutMs: 30_000 };

describe('a message of an inbox', () => {
  const nats = withServers(1);
  const node = (name: string, cluster: string, role: 'member' | 'client' = 'member') =>
    startNode({ name, cluster, role, nats: [...nats.urls], app, logLevel: 'silent', threads: 1 });

  test('that its schema refuses goes to the dead letters, and those after it are handled', async () => {
    await using only = await node('only', 'schema');
    const ref = only.entity(page, 'sent');
    await ref.send({ type: 'write', line: 5 as unknown as string });
    await ref.send({ type: 'write', line: 'good' });
    await expect.poll(() => ref.ask({ type: 'read' }, patient)).toEqual(['good']);
    expect((await lastTurn(only, 'sent')).deadLetters).toMatchObject([
      { message: { type: 'write', line: 5 }, error: { code: 'invalid_message' } },
    ]);
  });

  test('with a flipped bit goes to the dead letters with the bytes, and those around it are handled', async () => {
    const cluster = 'bits';
    await using client = await node('client', cluster, 'client');
    const sent = client.entity(page, 'sent');
    await sent.send({ type: 'write', line: 'one' });
    const { subject, data } = await flipped(cluster);
    await sent.send({ type: 'write', line: 'three' });
    await using only = await node('only', cluster);
    const ref = only.entity(page, 'sent');
    await expect.poll(() => ref.ask({ type: 'read' }, patient)).toEqual(['one', 'three']);
    const { deadLetters } = await lastTurn(only, 'sent');
    expect(deadLetters).toMatchObject([
      { message: { type: 'unreadable', data }, error: { code: 'corrupt_record', data: { subject } } },
    ]);
  });

  test('with a flipped bit on the disk of its only server is missing with those after it, and never handled as another one', async () => {
    const cluster = 'disk';
    await using client = await node('client', cluster, 'client');
    const sent = client.entity(page, 'sent');
    // A server that starts drops what follows a damaged record in its file.
    for (const line of ['one', 'the-damaged-line', 'three']) await sent.send({ type: 'write', line });
    const [server] = nats.servers;
    await server?.kill();
    flipIn(join(server?.storeDir ?? '', `jetstream/$G/streams/JAEGIS_${cluster}_INBOX/msgs/1.blk`), 'the-damaged-line');
    await server?.restart();
    await sent.send({ type: 'write', line: 'four' }, patient);
    await using only = await node('only', cluster);
    await expect
      .poll(async () => (await only.entity(page, 'sent').ask({ type: 'read' }, patient)).at(-1), { timeout: 30_000 })
      .toBe('four');
    expect(await only.entity(page, 'sent').ask({ type: 'read' }, patient)).toEqual(['one', 'four']);
  });

  /** Puts a copy of the only message there is, in which one letter is another one. */
  async function flipped(cluster: string): Promise<{ readonly subject: string; readonly data: Uint8Array }> {
    const logger = pinoLogger({ level: 'silent' });
    const connection = await connectNats({ servers: nats.urls, name: 'damager', logger, clock: realClock() });
    try {
      const subjects = inboxSubjects(cluster);
      const inbox = await connection.openInbox({
        name: `JAEGIS_${cluster}_INBOX`,
        subjects,
        replicas: 1,
        storage: 'file',
      });
      const found: InboxMessage[] = [];
      for await (const message of inbox.kept(subjects[0] ?? '')) found.push(message);
      const [only = expect.fail('nothing was sent')] = found;
      const at = Buffer.from(only.data).lastIndexOf('one');
      const data = only.data.with(at, (only.data[at] ?? 0) ^ 1);
      await inbox.put(only.subject, data, { id: 'damaged' });
      return { subject: only.subject, data };
    } finally {
      await connection.close();
    }
  }
});
