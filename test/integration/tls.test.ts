/** Trust in servers and in clients by certificates, against real servers that are set up for it, and not. */
import { fileURLToPath } from 'node:url';
import type { Tls } from '@jaegis/nats';
import { defineActor, defineApp, startNode } from 'jaegis';
import { describe, expect, it } from 'vitest';
import { withServers } from '../support/nats.ts';
import { connection } from '../support/roles.ts';

const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));
const authority = { caFile: pem('cert') };
const of = (name: string): Tls => ({ ...authority, certFile: pem(`${name}-cert`), keyFile: pem(`${name}-key`) });

/** Lines of a server's configuration. */
const tls = (more = '', prefix = '') =>
  `tls { cert_file: "${pem(`${prefix}cert`)}", key_file: "${pem(`${prefix}key`)}"${more} }\n`;
const verify = `, ca_file: "${pem('cert')}", verify: true`;

const counter = defineActor('counter', {
  state: () => 0,
  on: { add: (count) => ({ state: count + 1, reply: count + 1 }) },
});

async function expectTurn(nats: readonly string[], trust: Tls): Promise<void> {
  const app = defineApp({ entities: [counter] });
  await using node = await startNode({ cluster: 'tls', nats, app, threads: 1, logLevel: 'silent', tls: trust });
  expect(await node.entity(counter, 'a').ask({ type: 'add' })).toBe(1);
}

/** What a person reads, when no connection is made. */
async function refusal(nats: readonly string[], trust: Tls | true | undefined): Promise<string> {
  const refused = await connection(nats, trust === undefined ? {} : { tls: trust }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'connect_failed', data: { servers: nats } });
  return (refused as Error).message; // as was just seen
}

const advice = 'Check tls, the certificates of both sides, and the name in the address.';

describe('a server with a certificate', () => {
  const nats = withServers(1, { config: tls() });

  it('is taken by whoever trusts the authority that signed it, and runs durable turns', async () => {
    await expectTurn(nats.urls, authority);
  });

  it('is refused where nobody trusted has signed it, with advice', async () => {
    expect(await refusal(nats.urls, undefined)).toContain(advice);
    expect(await refusal(nats.urls, true)).toContain('self-signed certificate');
  });

  it('is refused where another authority is trusted', async () => {
    expect(await refusal(nats.urls, { caFile: pem('stranger-cert') })).toContain(advice);
  });
});

describe('a server that verifies its clients', () => {
  const nats = withServers(1, { config: tls(verify) });

  it('takes a client with a certificate that its authority has signed', async () => {
    await expectTurn(nats.urls, of('client'));
  });

  it.each([
    ['without a certificate', authority],
    ['with a certificate that its authority has not signed', of('stranger')],
  ])('refuses a client %s, and the error says where to look', async (_, trust) => {
    expect(await refusal(nats.urls, trust)).toContain('tls.certFile');
  });
});

describe('a server whose certificate holds a name and no address', () => {
  const nats = withServers(1, { config: tls('', 'named-') });

  it('is taken by its name', async () => {
    const urls = nats.urls.map((url) => url.replace('127.0.0.1', 'localhost'));
    expect((await connection(urls, { tls: authority })).transport.connected).toBe(true);
  });

  it('is refused by its address, with an error that says what the certificate is for', async () => {
    const message = await refusal(nats.urls, authority);
    expect(message).toContain('127.0.0.1');
    expect(message).toContain('DNS:localhost');
    expect(message).toContain(advice);
  });
});

describe('a server without TLS', () => {
  const nats = withServers(1);

  it.each([
    ['tls', () => nats.urls, true],
    ['an authority', () => nats.urls, authority],
    ['an address that says so', () => nats.urls.map((url) => url.replace('nats:', 'tls:')), undefined],
    ['TLS before anything else', () => nats.urls, { ...authority, handshakeFirst: true }],
  ] as const)('is refused by who demands TLS by %s', async (_, urls, trust) => {
    expect(await refusal(urls(), trust)).toContain(advice);
  });
});

describe('a server that wants TLS before anything else', () => {
  const nats = withServers(1, { config: tls(', handshake_first: true') });

  it('is taken by who does the same', async () => {
    await expectTurn(nats.urls, { ...authority, handshakeFirst: true });
  });

  it('is refused by who waits for it to speak first', async () => {
    expect(await refusal(nats.urls, authority)).toContain('tls.handshakeFirst');
  });
});

describe('files', () => {
  it.each([
    ['is not there', { caFile: '/nowhere/ca.pem' }, 'tls.caFile'],
    ['holds no certificate', { caFile: pem('key') }, 'tls.caFile'],
    ['holds no key', { certFile: pem('client-cert'), keyFile: pem('client-cert') }, 'tls.keyFile'],
    ['is the key of another certificate', { certFile: pem('client-cert'), keyFile: pem('key') }, 'tls.keyFile'],
    ['is a certificate without a key', { certFile: pem('client-cert') }, 'tls.keyFile'],
    ['is a key without a certificate', { keyFile: pem('client-key') }, 'tls.certFile'],
  ])('one that %s is refused before anything is dialled', async (_, trust, path) => {
    const refused = connection(['nats://127.0.0.1:1'], { tls: trust });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_config', data: { path } });
  });
});
