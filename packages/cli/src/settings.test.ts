import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { reached } from './nats-settings.ts';
import { readSettings } from './settings.ts';

async function file(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'jaegis-settings-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'settings.json');
  await writeFile(path, text);
  return path;
}

describe('what says how to reach a cluster', () => {
  it.each([
    [{}, {}],
    [{ natsUser: 'u', natsPassword: 'p' }, { auth: { user: 'u', password: 'p' } }],
    [{ natsToken: 't' }, { auth: { token: 't' } }],
    [
      { natsCreds: 'a.creds', tls: 'true' },
      { auth: { credentialsFile: 'a.creds' }, tls: true },
    ],
    [
      { natsNkeyFile: 'a.nk', tlsCa: 'ca.pem' },
      { auth: { nkeyFile: 'a.nk' }, tls: { caFile: 'ca.pem' } },
    ],
    [{ natsInboxPrefix: '_INBOX.ann' }, { inboxPrefix: '_INBOX.ann' }],
    [{ tls: 'false' }, {}],
    [{ tlsHandshakeFirst: 'true' }, { tls: { handshakeFirst: true } }],
  ])('%j', async (flags, expected) => {
    const { cluster, nats, ...who } = reached(await readSettings({ ...flags, cluster: 'c', nats: 'a,b' }));
    expect({ cluster, nats, who }).toEqual({ cluster: 'c', nats: ['a', 'b'], who: expected });
  });

  it('shows no secret when it is refused', async () => {
    const refused = readSettings({ natsPassword: ['hunter2'] });
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.not.stringContaining('hunter2'),
    });
  });
});

describe('settings', () => {
  it('come from flags before the file, and from the file before the defaults', async () => {
    const config = await file('{"cluster": "of-file", "threads": 2}');
    const settings = await readSettings({ config, cluster: 'of-flag' });
    expect(settings).toMatchObject({ cluster: 'of-flag', threads: 2, nats: 'nats://127.0.0.1:4222', logLevel: 'warn' });
  });

  it.each([
    [undefined, undefined],
    ['gpu', ['gpu']],
    ['gpu, ssd,', ['gpu', 'ssd']],
    ['', []],
    [['gpu'], ['gpu']],
  ])('take the labels %j as %j', async (labels, expected) => {
    expect((await readSettings(labels === undefined ? {} : { labels })).labels).toEqual(expected);
  });

  it.each([
    [{ threads: 'many' }, 'threads'],
    [{ replicas: '2' }, 'replicas'],
    [{ logLevel: 'loud' }, 'logLevel'],
    [{ history: '0' }, 'history'],
    [{ weight: '-1' }, 'weight'],
    [{ drainMs: 'soon' }, 'drainMs'],
  ])('%j are refused with the path of the bad value', async (flags, path) => {
    await expect(readSettings(flags)).rejects.toMatchObject({ code: 'invalid_config', data: { path } });
  });

  it.each(['{"clustre": "x"}', '[]', '{', '7'])('a file with %s is refused', async (text) => {
    await expect(readSettings({ config: await file(text) })).rejects.toMatchObject({ code: 'invalid_config' });
  });

  it('a file that is not there is named', async () => {
    await expect(readSettings({ config: '/no/such.json' })).rejects.toThrow('/no/such.json');
  });
});
