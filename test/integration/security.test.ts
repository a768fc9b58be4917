/** Who may do what, held against a real server with the very configuration that docs/security.md shows. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Logger, Transport } from '@jaegis/core';
import { type Auth, connectNats } from '@jaegis/nats';
import { realClock } from '@jaegis/node';
import { nkeys } from '@nats-io/transport-node';
import { defineActor, defineApp, requestInspection, startNode } from 'jaegis';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { bytes, text } from '../contract/world.ts';
import { withServers } from '../support/nats.ts';

const permissions = readFileSync(new URL('../fixtures/permissions.conf', import.meta.url), 'utf8');
const counter = defineActor('counter', {
  state: () => ({ total: 0 }),
  on: {
    add: (state, message: { by: number }, context) => {
      context.schedule('later', { afterMs: 3_600_000 }, { type: 'add', by: 0 });
      const total = state.total + message.by;
      return { state: { total }, reply: total };
    },
    echo: (_state, { text }: { text: string }) => ({ reply: text }),
  },
});
const app = defineApp({ entities: [counter] });
const users = {
  node: { user: 'node', password: 'node-secret' },
  client: { user: 'client', password: 'client-secret' },
  inspector: { user: 'inspector', password: 'inspector-secret' },
};

/** What was logged at `error` or `warn`, as text. */
function recorder(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const keep = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug() {}, info() {}, warn: keep, error: keep, child: () => logger };
  return { logger, lines };
}

async function connection(servers: readonly string[], auth: Auth, logger = recorder().logger) {
  const made = await connectNats({ servers, auth, logger, clock: realClock(), jetStream: false });
  onTestFinished(() => made.close());
  return made;
}

/** Resolves with the code of the refusal of what is published. */
function refusalOf(transport: Transport, subject: string, data: Uint8Array = bytes('')): Promise<unknown> {
  return new Promise((resolve) => {
    transport.onRefused((refusal) => resolve({ subject: refusal.subject, error: refusal.error }));
    transport.publish(subject, data, { replyTo: '_INBOX.refusal' });
  });
}

describe('the roles of a cluster', () => {
  const nats = withServers(1, { config: permissions });

  it('docs/security.md shows this configuration', () => {
    const page = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8');
    expect(page).toContain(permissions.trim());
  });

  it('can each do their work: nodes serve, clients ask and send, inspectors look', async () => {
    const cluster = { cluster: 'shop', nats: nats.urls, app, logLevel: 'silent' } as const;
    await using first = await startNode({ ...cluster, name: 'n1', auth: users.node });
    await using second = await startNode({ ...cluster, name: 'n2', auth: users.node });
    await using client = await startNode({ ...cluster, name: 'c', role: 'client', auth: users.client });
    await expect.poll(() => client.view.members.length).toBe(2);
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const entity = client.entity(counter, key);
      await entity.send({ type: 'add', by: 1 });
      await expect.poll(() => entity.ask({ type: 'add', by: 0 })).toBe(1);
    }
    const large = 'x'.repeat(3_000_000);
    for (const key of ['a', 'b', 'c']) {
      expect(await client.entity(counter, key).ask({ type: 'echo', text: large })).toBe(large);
    }
    const turns: number[] = [];
    for await (const { turn } of client.history({ entity: client.entity(counter, 'a').entity })) turns.push(turn);
    expect(turns[0]).toBe(1);
    await using inspection = await requestInspection({ nats: nats.urls, cluster: 'shop', auth: users.inspector });
    expect((await inspection.tree()).nodes.map(({ id }) => id).toSorted()).toEqual(['n1', 'n2']);
    expect([first.view.members.length, second.view.members.length]).toEqual([2, 2]);
  });

  it('the command line says who it is by flags and variables, and is refused as nobody', async () => {
    const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
    await using _node = await startNode({ cluster: 'shop', nats: nats.urls, name: 'n1', auth: users.node });
    const args = [main, 'tree', '--json', '--cluster', 'shop', '--nats', nats.urls.join(',')];
    const execute = promisify(execFile);
    const env = { ...process.env, JAEGIS_NATS_PASSWORD: users.inspector.password };
    const { stdout } = await execute(process.execPath, [...args, '--nats-user', users.inspector.user], { env });
    expect(JSON.parse(stdout)).toMatchObject({ cluster: 'shop', nodes: [{ id: 'n1' }] });
    await expect(execute(process.execPath, args)).rejects.toMatchObject({ code: 1 });
  });

  it.each([
    ['client', 'jaegis.shop.turn.1.counter.a'],
    ['client', 'jaegis.shop.view'],
    ['client', 'jaegis.shop.timer.1.counter.a.x'],
    ['client', '$JS.API.STREAM.DELETE.JAEGIS_shop_TURNS'],
    ['client', '$JS.API.STREAM.PURGE.JAEGIS_shop_TURNS'],
    ['client', '$JS.API.STREAM.UPDATE.JAEGIS_shop_TURNS'],
    // Each could have the server write bytes of the client's own to any subject.
    ['client', '$JS.API.STREAM.CREATE.JAEGIS_shop_MIRROR'],
    ['client', '$JS.API.STREAM.CREATE.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.STREAM.UPDATE.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.CONSUMER.CREATE.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.CONSUMER.CREATE.JAEGIS_shop_INBOX.a.jaegis.shop.inbox.1.counter.a'],
    ['client', '$JS.API.CONSUMER.DURABLE.CREATE.OBJ_JAEGIS_shop_LARGE.a'],
    ['client', '$JS.API.CONSUMER.MSG.NEXT.JAEGIS_shop_INBOX.a'],
    ['client', '$JS.API.DIRECT.GET.OBJ_JAEGIS_shop_LARGE'],
    ['client', '$JS.API.DIRECT.GET.JAEGIS_shop_INBOX'],
    ['client', '$JS.API.STREAM.PURGE.OBJ_JAEGIS_shop_LARGE'],
    ['inspector', 'jaegis.shop.node.n1.x.in'],
    ['inspector', 'jaegis.shop.inbox.1.counter.a'],
    ['inspector', '$JS.API.STREAM.MSG.GET.JAEGIS_shop_TURNS'],
    ['node', '$JS.API.STREAM.DELETE.JAEGIS_shop_TURNS'],
    ['node', '$JS.API.STREAM.PURGE.JAEGIS_shop_TURNS'],
    ['node', 'jaegis.other.view'],
    ['node', '$JS.API.STREAM.DELETE.JAEGIS_other_TURNS'],
  ] as const)('a %s may not publish to %s, and is told so', async (role, subject) => {
    const { transport } = await connection(nats.urls, users[role]);
    expect(await refusalOf(transport, subject)).toMatchObject({ subject, error: { code: 'permission_denied' } });
  });

  it('a client cannot have the server write a turn for it, from bytes that it may write itself', async () => {
    const cluster = { cluster: 'shop', nats: nats.urls, app, logLevel: 'silent' } as const;
    await using _node = await startNode({ ...cluster, name: 'n1', auth: users.node });
    await using client = await startNode({ ...cluster, name: 'c', role: 'client', auth: users.client });
    await client.entity(counter, 'victim').ask({ type: 'echo', text: 'x'.repeat(3_000_000) });
    const { transport: member } = await connection(nats.urls, users.node);
    const { transport } = await connection(nats.urls, users.client);
    const turn = 'jaegis.shop.turn.1.counter.victim';
    const forged = new Promise((resolve) => member.subscribe(turn, ({ data }) => resolve(text(data))));
    await member.flush();
    transport.publish('$O.JAEGIS_shop_LARGE.C.forged', bytes('forged'));
    const consumer = { name: 'forger', deliver_subject: turn, filter_subject: '$O.JAEGIS_shop_LARGE.C.forged' };
    const config = { ...consumer, deliver_policy: 'all', ack_policy: 'none', replay_policy: 'instant' };
    const request = { stream_name: 'OBJ_JAEGIS_shop_LARGE', config };
    const subject = `$JS.API.CONSUMER.CREATE.${request.stream_name}.${config.name}.${config.filter_subject}`;
    const refused = refusalOf(transport, subject, bytes(JSON.stringify(request)));
    expect(await Promise.race([refused, forged])).toMatchObject({ subject, error: { code: 'permission_denied' } });
  });

  it('who subscribes to what is not permitted is told at the next flush', async () => {
    const { transport } = await connection(nats.urls, users.inspector);
    transport.subscribe('jaegis.shop.>', () => {});
    await expect(transport.flush()).rejects.toMatchObject({ code: 'permission_denied' });
  });

  it('a node with the user of a client is refused with a typed error that names what it may not', async () => {
    const options = { cluster: 'other', nats: nats.urls, app, logLevel: 'silent', auth: users.client } as const;
    await expect(startNode(options)).rejects.toMatchObject({ code: 'permission_denied' });
  });
});

describe('ways to say who one is', () => {
  const seed = nkeys.createUser();
  const seedText = new TextDecoder().decode(seed.getSeed());
  const folder = mkdtempSync(join(tmpdir(), 'jaegis-security-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const seedFile = join(folder, 'user.nk');
  writeFileSync(seedFile, seedText);

  describe('nkeys', () => {
    const nats = withServers(1, { config: `authorization { users = [{ nkey: "${seed.getPublicKey()}" }] }\n` });
    it.each([
      ['a seed', { nkey: seedText }],
      ['a file with a seed', { nkeyFile: seedFile }],
    ])('%s is taken', async (_, auth) => {
      expect((await connection(nats.urls, auth)).transport.connected).toBe(true);
    });

    it('another seed is refused, and is in no error', async () => {
      const other = new TextDecoder().decode(nkeys.createUser().getSeed());
      const refused = await connection(nats.urls, { nkey: other }).catch((error: Error) => error);
      expect(refused).toMatchObject({ code: 'invalid_config', data: { path: 'auth' } });
      expect(JSON.stringify(refused) + String(refused)).not.toContain(other);
    });
  });

  describe('a token', () => {
    const nats = withServers(1, { config: 'authorization { token: "let-me-in" }\n' });
    it('is taken, and another one refused', async () => {
      expect((await connection(nats.urls, { token: 'let-me-in' })).transport.connected).toBe(true);
      const refused = await connection(nats.urls, { token: 'wrong-one' }).catch((error: Error) => error);
      expect(refused).toMatchObject({ code: 'invalid_config', data: { path: 'auth' } });
      expect(String(refused)).not.toContain('wrong-one');
    });
  });

  it.each([
    ['nothing', {}, 'auth'],
    ['two ways', { token: 'a', user: 'b', password: 'c' }, 'auth.token'],
    ['a user without a password', { user: 'b' }, 'auth.password'],
    ['a name that is unknown', { tokn: 'a' }, 'auth.tokn'],
    ['a seed that is none', { nkey: 'SUSECRET' }, 'auth.nkey'],
    ['a file that is not there', { nkeyFile: '/nowhere/user.nk' }, 'auth.nkeyFile'],
    ['credentials that are none', { credentialsFile: seedFile }, 'auth.credentialsFile'],
  ])('%s is refused before anything is dialled', async (_, auth, path) => {
    const refused = await connection(['nats://127.0.0.1:1'], auth as never).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'invalid_config', data: { path } });
    expect(String(refused)).not.toContain('SUSECRET');
  });

  it('credentials for an embedded server are refused', async () => {
    await expect(startNode({ nats: 'embedded', auth: { token: 'x' } })).rejects.toMatchObject({
      code: 'invalid_config',
      data: { path: 'auth' },
    });
  });
});

describe('TLS', () => {
  const [keyFile, certFile] = ['key', 'cert'].map((name) =>
    fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url)),
  );
  const nats = withServers(1, { config: `tls { cert_file: "${certFile}", key_file: "${keyFile}" }\n` });

  it('with the authority that signed the server, a node works', async () => {
    const options = { cluster: 'tls', nats: nats.urls, app, logLevel: 'silent' } as const;
    await using node = await startNode({ ...options, tls: { caFile: certFile ?? '' } });
    expect(await node.entity(counter, 'a').ask({ type: 'add', by: 1 })).toBe(1);
  });

  it('a server that nobody trusted has signed for is refused, with advice', async () => {
    const refused = startNode({ nats: nats.urls, app, logLevel: 'silent' });
    await expect(refused).rejects.toMatchObject({ code: 'connect_failed', message: expect.stringContaining('tls') });
  });
});
