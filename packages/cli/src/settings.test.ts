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
    [{}, false],
    [{ keepPolicies: true }, true],
    [{ keepPolicies: 'true' }, true],
    [{ keepPolicies: 'false' }, false],
  ])('of %j say that policies are kept: %j', async (flags, expected) => {
    expect((await readSettings(flags)).keepPolicies).toBe(expected);
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

  it.each([
    [{ drainMs: 'soon' }, '--drain-ms is "soon"; expected a number from 0 to 3600000.'],
    [{ servers: '2' }, '--servers is "2"; expected 1 or 3.'],
    [{ cluster: 'a b' }, '--cluster is "a b"; expected a name: use 1 to 63 letters'],
    [{ cluster: '' }, '--cluster is ""; expected a name'],
    [{ natsToken: '' }, '--nats-token is not usable; expected a text that is not empty.'],
    [{ maxTurnBytes: '1' }, '--max-turn-bytes is "1"; expected a whole number from 1000000.'],
  ])('%j are refused by the option as it is typed and what is expected', async (flags, message) => {
    await expect(readSettings(flags)).rejects.toThrow(message);
  });

  it('of a file that cannot be used are named with the file', async () => {
    const config = await file('{"drainMs": "soon"}');
    await expect(readSettings({ config })).rejects.toThrow(`"drainMs" in the settings file ${config} is not usable`);
  });

  it('that a file mistypes are answered with the file and the name that is meant', async () => {
    const config = await file('{"clutser": "x", "nat": "y"}');
    const message = `"clutser" in the settings file ${config} is no setting. Did you mean "cluster"?`;
    await expect(readSettings({ config })).rejects.toMatchObject({ message, data: { path: 'clutser' } });
  });

  it.each(['log-level', 'logLevel'])('may be named %s in a file', async (name) => {
    expect(await readSettings({ config: await file(`{"${name}": "debug"}`) })).toMatchObject({ logLevel: 'debug' });
  });

  it.each(['{"clustre": "x"}', '[]', '{', '7'])('a file with %s is refused', async (text) => {
    await expect(readSettings({ config: await file(text) })).rejects.toMatchObject({ code: 'invalid_config' });
  });

  it('a file that is not there is named', async () => {
    await expect(readSettings({ config: '/no/such.json' })).rejects.toThrow('/no/such.json');
  });
});
