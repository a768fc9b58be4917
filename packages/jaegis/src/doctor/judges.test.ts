/** Each thing that may be wrong is found, and said with what it means and what to do. */
import { ConnectFailedError, InvalidConfigError, PermissionDeniedError, StorageUnavailableError } from '@jaegis/core';
import type { AccountFacts, MonitorFacts, ServerFacts, StreamFacts } from '@jaegis/nats';
import { describe, expect, it } from 'vitest';
import { type Finding, worstOf } from './finding.ts';
import { judgeClocks } from './judge-clocks.ts';
import { judgeNodes, type NodeFacts } from './judge-nodes.ts';
import { judgePermissions } from './judge-permissions.ts';
import { judgeServers, judgeSync } from './judge-servers.ts';
import { judgeAccount, judgeStreams } from './judge-streams.ts';
import { needsOf } from './role-needs.ts';

const brief = (findings: readonly Finding[]) =>
  findings.map(({ level, about, found }) => `${level} ${about}: ${found}`);

/** One of them says so, and whatever is not ok says what it means and what to do. */
function expectFinding(findings: readonly Finding[], text: string): void {
  expect(brief(findings)).toContainEqual(expect.stringContaining(text));
  for (const { level, means, mend } of findings) if (level !== 'ok') expect([means, mend]).not.toContain(undefined);
}

type Answering = Extract<ServerFacts, { answers: true }>;
const server = (number: number, more: Partial<Answering> = {}): ServerFacts => ({
  url: `nats://s${number}`,
  answers: true,
  name: `s${number}`,
  version: '2.15.1',
  cluster: 'c',
  knows: 3,
  jetStream: true,
  maxPayload: 1024 * 1024,
  roundTripMs: 1,
  clock: undefined,
  ...more,
});
const three = [server(1), server(2), server(3)];
const away = (number: number, error: Error = new ConnectFailedError('Nobody is there. Do so.')): ServerFacts => ({
  url: `nats://s${number}`,
  answers: false,
  error,
});

describe('servers', () => {
  it('three of one cluster are well', () => {
    expect(worstOf(judgeServers(three))).toBe('ok');
  });

  it.each<[string, ServerFacts[], string]>([
    ['one is away', [server(1), server(2), away(3)], 'fail server nats://s3: Nobody is there'],
    ['credentials are refused', [away(1, new InvalidConfigError('refused'))], 'fail server nats://s1: refused'],
    [
      'one is too old',
      [server(1, { version: '2.11.4' }), server(2)],
      'fail server nats://s1: it is nats-server 2.11.4',
    ],
    ['one has no JetStream', [server(1, { jetStream: false })], 'fail server nats://s1: it has no JetStream'],
    ['one is far', [server(1, { roundTripMs: 80 })], 'warn server nats://s1: a round trip takes 80 ms'],
    ['one is very far', [server(1, { roundTripMs: 300 })], 'fail server nats://s1: a round trip takes 300 ms'],
    [
      'messages are bounded tightly',
      [server(1, { maxPayload: 65_536 })],
      'warn server nats://s1: max_payload is 65536',
    ],
    ['they are two clusters', [server(1), server(2, { cluster: 'd' })], 'fail servers: they are no one cluster'],
    [
      'they are alone each',
      [server(1, { cluster: undefined }), server(2, { cluster: undefined })],
      'fail servers: they are no one cluster',
    ],
    ['one is named twice', [server(1), server(1)], 'warn servers: two of the addresses are the same server'],
    ['their versions differ', [server(1), server(2, { version: '2.12.0' })], 'warn servers: they are of versions'],
    ['there are two', [server(1, { knows: 2 }), server(2, { knows: 2 })], 'warn servers: there are two'],
    ['there is one', [server(1, { knows: 1, cluster: undefined })], 'warn servers: there is one'],
  ])('%s', (_, servers, text) => expectFinding(judgeServers(servers), text));

  it('the loss of one of three is not that of two', () => {
    const means = (servers: ServerFacts[]) => judgeServers(servers).find(({ level }) => level === 'fail')?.means;
    expect(means([server(1), server(2), away(3)])).toContain('2 servers of 3 carry the cluster');
    expect(means([server(1), away(2), away(3)])).toContain('Nothing durable can be written');
  });
});

describe('when servers write to their disks', () => {
  const monitor = (syncMs: number | undefined): MonitorFacts => ({
    url: 'http://s1:8222',
    answers: true,
    name: 's1',
    syncMs,
    clock: undefined,
  });
  it.each<[string, MonitorFacts[], string]>([
    ['is not known without their monitoring', [], 'unknown sync_interval'],
    ['is before each acknowledgement', [monitor(0)], 'ok monitoring http://s1:8222: s1 syncs before'],
    ['is every two minutes', [monitor(120_000)], 'warn monitoring http://s1:8222: s1 syncs every 120 s'],
    ['is not said by one without JetStream', [monitor(undefined)], 'unknown monitoring http://s1:8222'],
    [
      'is not known from monitoring that does not answer',
      [{ url: 'http://s1:1', answers: false, error: new Error('refused') }],
      'warn monitoring http://s1:1: refused',
    ],
  ])('%s', (_, monitors, text) => expectFinding(judgeSync(monitors), text));
});

describe('the account', () => {
  const account: AccountFacts = {
    storage: 10,
    maxStorage: -1,
    memory: 0,
    maxMemory: -1,
    streams: 5,
    maxStreams: -1,
    consumers: 1,
    maxConsumers: -1,
  };
  it.each<[string, AccountFacts | Error, string]>([
    ['is well without limits', account, 'ok account: 5 streams'],
    ['is nearly full', { ...account, storage: 95, maxStorage: 100 }, 'warn account: its file storage is at 95 of 100'],
    ['is full', { ...account, storage: 100, maxStorage: 100 }, 'fail account: its file storage is at 100 of 100'],
    ['has too few streams', { ...account, maxStreams: 4 }, 'fail account: it may have 4 streams'],
    ['may not be asked', new PermissionDeniedError('denied.'), 'unknown account: denied'],
  ])('%s', (_, given, text) => expectFinding(judgeAccount(given, 5), text));
});

type Present = Extract<StreamFacts, { found: 'yes' }>;
const stream = (more: Partial<Present> = {}): StreamFacts => ({
  name: 'JAEGIS_shop_TURNS',
  found: 'yes',
  storage: 'file',
  copies: 3,
  leader: 's1',
  replicas: [
    { server: 's2', current: true, offline: false, lag: 0 },
    { server: 's3', current: true, offline: false, lag: 0 },
  ],
  records: 7,
  bytes: 700,
  maxBytes: -1,
  differing: [],
  changing: [],
  clock: undefined,
  ...more,
});

describe('streams', () => {
  const name = 'JAEGIS_shop_TURNS';
  const judged = (streams: StreamFacts[], more: { overlapping?: string[]; alike?: string[] } = {}) =>
    judgeStreams({ streams, overlapping: undefined, alike: undefined, servers: three, ...more }, 'shop');
  const down = { current: false, offline: true, lag: 0 };

  it('with all their copies are well', () => {
    expect(brief(judged([stream()]))).toEqual([`ok stream ${name}: 7 records, 700 bytes, 3 copies on file`]);
  });

  it.each<[string, StreamFacts[], string]>([
    [
      'one is missing',
      [stream(), { name: 'JAEGIS_shop_INBOX', found: 'no' }],
      'fail stream JAEGIS_shop_INBOX: it is missing',
    ],
    ['none are there', [{ name, found: 'no' }], 'warn streams: there are none of a cluster "shop"'],
    [
      'one cannot be read',
      [{ name, found: 'unknown', error: new StorageUnavailableError('timeout.') }],
      `fail stream ${name}: timeout`,
    ],
    [
      'one may not be looked at',
      [{ name, found: 'unknown', error: new PermissionDeniedError('denied.') }],
      `unknown stream ${name}: denied`,
    ],
    ['one has no leader', [stream({ leader: undefined })], `fail stream ${name}: it has no leader`],
    [
      'a copy is away',
      [
        stream({
          replicas: [
            { server: 's2', current: true, offline: false, lag: 0 },
            { server: 's3', ...down },
          ],
        }),
      ],
      `warn stream ${name}: its copy on s3 is away`,
    ],
    [
      'most copies are away',
      [
        stream({
          replicas: [
            { server: 's2', ...down },
            { server: 's3', ...down },
          ],
        }),
      ],
      `fail stream ${name}: its copy on s2, s3 is away`,
    ],
    [
      'a copy lags',
      [stream({ replicas: [{ server: 's2', current: false, offline: false, lag: 9 }] })],
      `warn stream ${name}: its copy on s2 (9 records behind)`,
    ],
    ['one has too few copies', [stream({ copies: 1, replicas: [] })], `warn stream ${name}: it has 1 of 3 copies`],
    ['another made it', [stream({ differing: ['max_age is 5, not 0'] })], `fail stream ${name}: max_age is 5, not 0`],
    ['a setting would change', [stream({ changing: ['max_bytes'] })], `warn stream ${name}: max_bytes is not`],
    [
      'one is in memory alone',
      [stream({ storage: 'memory', copies: 1, replicas: [] })],
      `warn stream ${name}: its only copy is in memory`,
    ],
    ['one is nearly full', [stream({ bytes: 95, maxBytes: 100 })], `warn stream ${name}: it holds 95 of 100 bytes`],
  ])('%s', (_, streams, text) => expectFinding(judged(streams), text));

  it('names the clusters that are there where the one asked for is not', () => {
    const findings = judged([{ name, found: 'no' }], { alike: ['JAEGIS_shop2_TURNS', 'JAEGIS_shop2_INBOX'] });
    expectFinding(findings, 'there are "shop2"');
  });

  it('names a foreign stream that takes in the subjects of the cluster', () => {
    expectFinding(judged([stream()], { overlapping: [name, 'ALL'] }), 'fail streams: ALL take in subjects');
    expect(worstOf(judged([stream()], { overlapping: [name] }))).toBe('ok');
  });
});

describe('clocks', () => {
  const at = (aheadMs: number, withinMs = 1) => [{ of: 'node n1', reading: { aheadMs, withinMs } }];
  it.each([
    [at(100), 'ok clocks: 1 agree'],
    [at(400), "warn clocks: the clock of node n1 is 400 ms ahead of this machine's"],
    [at(-7_000), "fail clocks: the clock of node n1 is 7000 ms behind this machine's"],
    // As far as the measurement goes.
    [at(400, 200), 'ok clocks: 1 agree'],
    [[{ of: 'node n1', reading: undefined }], 'unknown clocks: nobody tells the time'],
  ])('%j', (clocks, text) => expectFinding(judgeClocks(clocks), text));
});

describe('permissions', () => {
  const needs = needsOf('inspector', { cluster: 'shop', inboxPrefix: '_INBOX', chance: 'x' });
  it('are well when nothing was refused', () => {
    expect(worstOf(judgePermissions('inspector', needs, new Set()))).toBe('ok');
  });
  it('name what was refused and what fails without it', () => {
    const [first] = judgePermissions('inspector', needs, new Set(needs.slice(0, 1)));
    expect(first).toMatchObject({
      level: 'fail',
      found: 'it may not publish to jaegis.shop.inspect.x',
      means: 'It cannot look at the cluster',
    });
  });
  it('are not judged when no server answered', () => {
    expect(judgePermissions('inspector', needs, undefined)).toEqual([]);
  });
});

describe('nodes', () => {
  const node = (name: string, more: Partial<NonNullable<NodeFacts['about']>> = {}): NodeFacts => ({
    node: name,
    status: 'alive',
    about: { version: '1', protocol: 1, epoch: 4, draining: false, incarnation: 'a', ...more },
  });
  const judged = (nodes: NodeFacts[]) => judgeNodes({ asked: 'answered', nodes }, '1');
  it.each<[string, Finding[], string]>([
    ['are well', judged([node('n1'), node('n2')]), 'ok nodes: 2 nodes of version 1, protocol 1, epoch 4: n1, n2'],
    ['may not be asked', judgeNodes({ asked: 'refused' }, '1'), 'unknown nodes: this user may not ask'],
    ['are away', judgeNodes({ asked: 'nobody' }, '1'), 'warn nodes: none answers'],
    ['hang', judged([{ node: 'n1', status: 'alive', about: undefined }]), 'fail node n1: it is in the view (alive)'],
    ['are of another version', judged([node('n1', { version: '2' })]), 'warn node n1: it is of version 2'],
    ['are of several versions', judged([node('n1'), node('n2', { version: '2' })]), 'warn nodes: they are of several'],
    [
      'are missed by others',
      judged([{ ...node('n1'), status: 'suspect' }]),
      'warn node n1: the cluster takes it for suspect',
    ],
    ['drain', judged([node('n1', { draining: true })]), 'warn node n1: it drains'],
    ['disagree', judged([node('n1'), node('n2', { epoch: 5 })]), 'warn nodes: they go by views of epochs 4, 5'],
  ])('%s', (_, findings, text) => expectFinding(findings, text));
});
