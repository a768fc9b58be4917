/** The command with real servers and nodes: how it reaches a cluster, what it does there, and how it fails. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nkeys } from '@nats-io/transport-node';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { withServers } from '../support/nats.ts';
import { createOperator } from '../support/operator.ts';
import { type Program, runProgram } from '../support/programs.ts';
import { as, permissions } from '../support/roles.ts';

const folder = mkdtempSync(join(tmpdir(), 'jaegis-command-'));
afterAll(() => rmSync(folder, { recursive: true }));
const pem = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}.pem`, import.meta.url));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const main = 'packages/cli/src/main.ts';
const run = (...flags: string[]) => runProgram(main, flags);

/** `jaegis node`, which has joined; it ends with the test. */
function joined(...flags: string[]): Promise<Program> {
  return joinedAs('n1', ...flags);
}

async function joinedAs(name: string, ...flags: string[]): Promise<Program> {
  const node = run('node', '--name', name, '--threads', '1', ...flags);
  onTestFinished(async () => {
    node.process.kill('SIGTERM');
    expect(await node.ended, node.output()).toBe(0);
    expect(node.output()).toContain(`stopped ${name}`);
  });
  await node.said(`ready ${name}`);
  return node;
}

async function outputOf(...flags: string[]): Promise<string> {
  const program = run(...flags);
  expect(await program.ended, program.output()).toBe(0);
  return program.output();
}

const at = (nats: readonly string[]) => ['--cluster', 'shop', '--nats', nats.join(',')];
const treeOfOne = { cluster: 'shop', nodes: [{ id: 'n1' }] };

it.each([
  ['the command', main, ['--version']],
  ['the demo', 'packages/examples/src/md/main.ts', ['--help']],
])('%s keeps what Node.js has compiled of it for its next start', async (name, path, flags) => {
  const place = join(folder, name);
  mkdirSync(place);
  const program = runProgram(path, flags, { TMPDIR: place, NODE_COMPILE_CACHE: undefined });
  expect(await program.ended, program.output()).toBe(0);
  expect(globSync('node-compile-cache/*/*', { cwd: place }).length).toBeGreaterThan(100);
});

describe('at a server that takes connections and says nothing', () => {
  it.each([
    ['tree', [], 3],
    ['ask', ['counter/a', 'add'], 3],
    ['history', ['counter/a'], 3],
    ['doctor', [], 2],
    ['tree', ['--tls-handshake-first'], 3],
  ])('%s %j says so and ends', async (command, operands, code) => {
    const server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo; // it listens at a port
    const program = run(command, ...operands, ...at([`nats://127.0.0.1:${port}`]));
    expect(await program.ended, program.output()).toBe(code);
    expect(program.output()).toContain('No NATS server answered');
  });

  it('tree ends too where not even TCP is answered', async () => {
    const listening = "s = net.createServer().listen(0, '127.0.0.1', 1, () => console.log(s.address().port))";
    const server = spawn(process.execPath, ['-e', listening], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void server.kill('SIGKILL'));
    const port = await new Promise<number>((said) => server.stdout.once('data', (data) => said(Number(data))));
    server.kill('SIGSTOP');
    // As many as the system takes for a process that hangs; the next is not answered.
    const fill = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => {
      for (const socket of fill) socket.destroy();
    });
    await once(fill[1] ?? server, 'connect');
    const program = run('tree', ...at([`nats://127.0.0.1:${port}`]));
    expect(await program.ended, program.output()).toBe(3);
  });
});

describe('with credentials files', () => {
  const operator = createOperator();
  const account = operator.account('shop');
  const nats = withServers(1, { config: operator.config });
  const creds = (name: string, text: string) => ['--nats-creds', file(`${name}.creds`, text)];

  it('a node joins, its tree is seen and its cluster is backed up', async () => {
    await joined(...at(nats.urls), ...creds('node', account.user('node')));
    const inspector = account.user('inspector', { publish: ['jaegis.shop.inspect.>'], subscribe: ['_INBOX.i.>'] });
    const look = [...at(nats.urls), ...creds('inspector', inspector), '--nats-inbox-prefix', '_INBOX.i'];
    expect(JSON.parse(await outputOf('tree', '--json', ...look))).toMatchObject(treeOfOne);
    const taken = await outputOf('backup', join(folder, 'b'), ...at(nats.urls), ...creds('node', account.user('b')));
    expect(taken).toContain('0 entities');
  });

  it('a user that has ended is refused by an error that says so and what to do', async () => {
    const late = run('tree', ...at(nats.urls), ...creds('late', account.user('late', { endsInS: -1 })));
    expect(await late.ended).toBe(2);
    expect(late.output()).toContain(`jaegis: NATS at ${nats.urls.join(',')} refused the credentials.`);
  });
});

describe('with a seed and certificates', () => {
  const user = nkeys.createUser();
  const seed = file('user.nk', new TextDecoder().decode(user.getSeed()));
  const files = `cert_file: "${pem('cert')}", key_file: "${pem('key')}", ca_file: "${pem('cert')}", verify: true`;
  const users = `authorization { users = [{ nkey: "${user.getPublicKey()}" }] }`;
  const nats = withServers(1, { config: `tls { ${files} }\n${users}\n` });
  const tls = ['--tls-ca', pem('cert'), '--tls-cert', pem('client-cert'), '--tls-key', pem('client-key')];

  it('a node joins and its tree is seen', async () => {
    const flags = [...at(nats.urls), '--nats-nkey-file', seed, ...tls];
    await joined(...flags);
    expect(JSON.parse(await outputOf('tree', '--json', ...flags))).toMatchObject(treeOfOne);
  });

  it('who shows no certificate is told where to look', async () => {
    const bare = run('tree', ...at(nats.urls), '--nats-nkey-file', seed, '--tls-ca', pem('cert'));
    expect(await bare.ended).toBe(3);
    expect(bare.output()).toContain('tls.certFile');
  });
});

describe('with users and passwords', () => {
  const nats = withServers(1, { config: permissions });

  it('a password is taken from its variable, and nobody is refused', async () => {
    const node = ['--nats-user', 'node', '--nats-password', 'node-secret', '--nats-inbox-prefix', '_INBOX.node'];
    await joined(...at(nats.urls), ...node);
    const { auth, inboxPrefix } = as('inspector');
    const look = ['--nats-user', auth.user, '--nats-inbox-prefix', inboxPrefix];
    const tree = runProgram(main, ['tree', '--json', ...at(nats.urls), ...look], {
      JAEGIS_NATS_PASSWORD: auth.password,
    });
    expect(await tree.ended, tree.output()).toBe(0);
    expect(JSON.parse(tree.output())).toMatchObject(treeOfOne);
    const nobody = run('tree', ...at(nats.urls));
    expect(await nobody.ended).toBe(2);
    expect(nobody.output()).toContain('wants credentials, and none were given');
  });
});

it.each([
  [['tree', '--json', '--jsn'], "unknown option '--jsn'"],
  [['teee', '--json'], "unknown command 'teee'"],
  [['ask', '--json'], "missing required argument 'address'"],
  [['doctor', '--json', '--role', 'x'], "argument 'x' is invalid"],
  [['tree', '--json', '--limit', 'x'], '--limit is "x"'],
  [['tree', '--json', '--nats', ''], '--nats is ""'],
])('%j is refused as one object of JSON', async (words, message) => {
  const program = run(...words);
  expect(await program.ended).toBe(2);
  const { error } = JSON.parse(program.output());
  expect(error).toMatchObject({ code: 'invalid_config', retry: 'never', message: expect.stringContaining(message) });
});

describe('before anything is dialled', () => {
  const text = file('text', 'SUSECRET');
  const other = ['--tls-cert', pem('client-cert'), '--tls-key', pem('key')];
  it.each([
    [
      'credentials that are not there',
      ['tree', '--nats-creds', '/nowhere'],
      'auth.credentialsFile cannot be read: ENOENT',
    ],
    [
      'credentials that are none',
      ['node', '--nats-creds', text],
      'auth.credentialsFile must hold the JWT and the seed',
    ],
    ['a seed that is none', ['backup', 'b', '--nats-nkey-file', text], 'auth.nkeyFile must be the seed of a user'],
    [
      'an authority that is none',
      ['node', '--tls-ca', text],
      `tls.caFile (${text}) holds no certificate in PEM format`,
    ],
    ['a certificate alone', ['tree', '--tls-cert', pem('client-cert')], 'tls.keyFile is missing for tls.certFile'],
    ['the key of another certificate', ['node', ...other], 'tls.keyFile is not the key of tls.certFile'],
    ['a user without a password', ['tree', '--nats-user', 'ann'], 'auth.password is missing'],
    ['the name of a cluster that is empty', ['tree', '--cluster', ''], '--cluster is ""; expected a name: use 1 to 63'],
    ['one with a space', ['ask', 'counter/1', 'add', '--cluster', 'a b'], '--cluster is "a b"; expected a name'],
    ['that of a history', ['history', 'counter/1', '--cluster', '.'], '--cluster is "."; expected a name'],
    ['a message that is none', ['ask', 'counter/1', '{bad'], 'The message cannot be used'],
    ['an address that is none', ['ask', 'counter', 'add'], '"counter" is no address'],
    ['the limit of a tree', ['tree', '--limit', 'x'], '--limit is "x"'],
    ['a number of actors below one', ['top', '--actors', '-1'], '--actors is "-1"'],
    ['a node that can be none', ['drain', 'a/b'], '"a/b" is no name of a node'],
    ['the place of a letter', ['letters', '--resend', '12'], '--resend is "12"; expected node/id'],
    ['an entity that can be none', ['placement', 'cart'], 'Entity "cart": expected "type/key".'],
    ['a prefix with a wildcard', ['tree', '--nats-inbox-prefix', '_INBOX.>'], 'inboxPrefix is "_INBOX.>"'],
  ])('%s is refused with the reason, and no secret is shown', async (_, flags, message) => {
    const program = run(...flags, '--nats', 'nats://127.0.0.1:1');
    expect(await program.ended).toBe(2);
    expect(program.output()).toContain(`jaegis: ${message}`);
    expect(program.output()).not.toContain('SUSECRET');
  });
});

describe('at a running cluster', () => {
  const nats = withServers(1);
  const app = fileURLToPath(new URL('../fixtures/counter-app.ts', import.meta.url));
  const shop = () => ({ JAEGIS_CLUSTER: 'shop', JAEGIS_NATS: nats.urls.join(','), JAEGIS_TLS: 'false' });
  /** With the cluster in its variables, as a user of a shell has it. */
  async function ended(...flags: string[]): Promise<[code: unknown, output: string]> {
    const program = runProgram(main, flags, shop());
    return [await program.ended, program.output()];
  }

  it('asks, shows and drains, and ends with codes that say what went wrong', async () => {
    const [, second] = await Promise.all(['n1', 'n2'].map((name) => joinedAs(name, ...at(nats.urls), '--app', app)));
    expect(await ended('ask', 'counter/a', '{"type": "add", "by": 5}')).toEqual([0, '5\n']);
    expect(await ended('ask', 'n2/user/local', 'crash')).toEqual([1, expect.stringContaining('as asked')]);
    const [shown, top, twice, lost, mistyped, unknown] = await Promise.all([
      ended('actor', 'n2/user/local', '--json'),
      ended('top', '--once', '--json', '--every', '100'),
      ended('ask', 'counter/a', '{"type": "add", "by"'),
      ended('ask', 'nobody/a', 'add', '--json'),
      ended('tree', '--cluster', 'shap'),
      ended('tree', '--clutser', 'shop'),
    ]);
    expect(await ended('history', 'counter/none')).toEqual([4, expect.stringContaining('counter/none has no record')]);
    expect(await ended('history', 'none/a')).toEqual([4, expect.stringContaining('none/a has no record')]);
    expect(JSON.parse(shown[1])).toMatchObject({ node: 'n2', lastCrash: { handling: { type: 'crash' } } });
    expect(JSON.parse(top[1]).nodes).toMatchObject([{ node: 'n1', actors: 1 }, { node: 'n2' }]);
    expect(twice[0]).toBe(2);
    expect([lost[0], JSON.parse(lost[1])]).toMatchObject([4, { error: { code: 'no_such_actor', retry: 'never' } }]);
    expect(mistyped).toEqual([3, expect.stringMatching(/no cluster "shap".*there is "shop"/)]);
    expect(unknown).toEqual([2, expect.stringContaining('--cluster')]);
    expect(await ended('drain', 'n2')).toEqual([0, expect.stringMatching(/n2 has left after/)]);
    expect(await second?.ended).toBe(0);
    expect(JSON.parse((await ended('health', '--json'))[1]).members).toMatchObject([{ node: 'n1' }]);
  });

  it('shows what guards calls, tells when a breaker opens, and tunes and closes it', async () => {
    const guarded = fileURLToPath(new URL('../fixtures/policy-app.ts', import.meta.url));
    await joined(...at(nats.urls), '--app', guarded);
    expect(await ended('ask', 'n1/user/payer', '{"type": "pay", "fails": true}')).toEqual([0, 'false\n']);
    const [shown, table, incidents] = await Promise.all([
      ended('policies', '--json'),
      ended('policies', '--node', 'n1'),
      ended('incidents', '--type', 'policy'),
    ]);
    const breaker = { name: 'breaker', state: { state: 'open', name: 'payments' } };
    expect(JSON.parse(shown[1])).toMatchObject({
      cluster: 'shop',
      nodes: [{ node: 'n1', policies: [{ name: 'payments', parts: [{ name: 'bulkhead' }, breaker] }] }],
      missing: [],
    });
    expect(table[1]).toMatch(/n1 +payments +bulkhead +limit 2\nn1 +payments +breaker +open, retryAfterMs [\d,]+/);
    expect(incidents[1]).toContain('policy payments: its breaker is open: failures, for 30 s  says n1');

    const order = ['--set', 'breaker.failures=2', '--set', 'bulkhead.limit=5', '--breaker', 'reset'];
    const [done, tuned] = await ended('policies', 'tune', 'payments', ...order, '--node', 'n1');
    expect([done, tuned]).toEqual([0, expect.stringMatching(/limit 5\n.* closed/)]);
  });

  it('is completed in bash, with the nodes that there are', async () => {
    await joined(...at(nats.urls), '--app', app);
    const script = file('completion.bash', (await ended('completion', 'bash'))[1]);
    const jaegis = `jaegis() { ${process.execPath} ${fileURLToPath(new URL(`../../${main}`, import.meta.url))} "$@"; }`;
    const complete = (...words: string[]) => {
      const typed = `COMP_WORDS=(jaegis ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`;
      const code = `${jaegis}; source ${script}; ${typed}; _jaegis; echo "\${COMPREPLY[*]}"`;
      return execFileSync('bash', ['-c', code], { env: { ...process.env, ...shop() }, encoding: 'utf8' }).trim();
    };
    expect(complete('dr')).toBe('drain');
    expect(complete('drain', '--wa')).toBe('--wait');
    expect(complete('drain', '')).toBe('n1');
    expect(complete('actor', 'n1/')).toBe('n1/user/local');
  });
});
