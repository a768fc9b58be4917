/** Whether what a cluster keeps is kept well: the account's limits and the streams. Pure. */
import { hasCode } from '@jaegis/core';
import type { AccountFacts, NatsFacts, StreamFacts } from '@jaegis/nats';
import { clustersIn } from '../stream-plans.ts';
import { bad, count, type Finding, ok } from './finding.ts';

type Present = Extract<StreamFacts, { found: 'yes' }>;

/** Of a limit, at which it is near. */
const near = 0.9;
const lostCopies = 'With a further loss nothing durable can be written';

export function judgeAccount(account: AccountFacts | Error | undefined, wantedStreams: number): Finding[] {
  const about = 'account';
  if (account === undefined) return [];
  if (account instanceof Error) {
    const isDenied = hasCode(account, 'permission_denied');
    const mend = isDenied ? 'Permit $JS.API.INFO to this user' : 'Mend the servers first';
    return [bad('unknown', about, clean(account), 'Its limits are not known', mend)];
  }
  const full = [
    used('file storage', account.storage, account.maxStorage),
    used('memory', account.memory, account.maxMemory),
    used('consumers', account.consumers, account.maxConsumers),
  ].flatMap((finding) => finding ?? []);
  const { streams, maxStreams } = account;
  if (maxStreams >= 0 && maxStreams < wantedStreams) {
    const means = `A cluster needs ${wantedStreams}; nodes do not start, or refuse what is large`;
    full.push(
      bad(
        'fail',
        about,
        `it may have ${count(maxStreams, 'stream')}`,
        means,
        `Allow ${wantedStreams} for each cluster`,
      ),
    );
  }
  if (full.length > 0) return full;
  const bound = account.maxStorage < 0 ? 'no limit of its own' : `of ${account.maxStorage}`;
  return [ok(about, `${count(streams, 'stream')}, ${account.storage} bytes on file, ${bound}`)];
}

/** A limit of 0 is none that is used up: JetStream of the other kind is not allowed then. */
function used(what: string, amount: number, limit: number): Finding | undefined {
  if (limit <= 0 || amount < near * limit) return undefined;
  const isFull = amount >= limit;
  const means = isFull
    ? 'Work that changes anything is refused as overloaded'
    : 'Soon work that changes anything will be refused';
  return bad(
    isFull ? 'fail' : 'warn',
    'account',
    `its ${what} is at ${amount} of ${limit}`,
    means,
    'Raise the limit, or keep less history',
  );
}

export function judgeStreams(
  { streams, overlapping, alike, servers }: Pick<NatsFacts, 'streams' | 'overlapping' | 'alike' | 'servers'>,
  cluster: string,
): Finding[] {
  const missing = streams.filter(({ found }) => found === 'no');
  if (streams.length > 0 && missing.length === streams.length) return [neverStarted(cluster, alike ?? [])];
  const size = servers.reduce((most, server) => Math.max(most, server.answers ? server.knows : 0), servers.length);
  return [...streams.flatMap((stream) => judgeOne(stream, size)), ...judgeOverlaps(streams, overlapping)];
}

function neverStarted(cluster: string, alike: readonly string[]): Finding {
  const others = clustersIn(alike);
  const there = others.length === 0 ? '' : `; there are ${others.map((name) => `"${name}"`).join(', ')}`;
  const means = `No node of a cluster "${cluster}" was ever started here`;
  const mend =
    others.length === 0 ? 'Start a node, which makes them' : 'Check --cluster, or start a node, which makes them';
  return bad('warn', 'streams', `there are none of a cluster "${cluster}"${there}`, means, mend);
}

function judgeOne(stream: StreamFacts, servers: number): Finding[] {
  const about = `stream ${stream.name}`;
  if (stream.found === 'unknown') return [unseen(about, stream.error)];
  if (stream.found === 'no') {
    const means = 'Somebody deleted it, or a start broke off: what it held is gone';
    return [
      bad(
        'fail',
        about,
        'it is missing',
        means,
        'Start a node, which makes it anew, then restore a backup if it held turns',
      ),
    ];
  }
  const findings = [
    ...judgeSettings(stream, about),
    ...judgeCopies(stream, about, servers),
    ...judgeRoom(stream, about),
  ];
  if (findings.length > 0) return findings;
  return [
    ok(
      about,
      `${count(stream.records, 'record')}, ${stream.bytes} bytes, ${count(stream.copies, 'copy').replace('copys', 'copies')} on ${stream.storage}`,
    ),
  ];
}

/** A role that need not look at it may well be kept from it. */
function unseen(about: string, error: Error): Finding {
  if (hasCode(error, 'permission_denied')) {
    return bad('unknown', about, clean(error), 'Its state is not known', 'Ask as a user that may look at streams');
  }
  const mend =
    'Ask again after ten seconds, which an election may take; if it stays so, start the servers that are away';
  return bad('fail', about, clean(error), 'Nothing of it can be read or written', mend);
}

function judgeSettings({ differing, changing }: Present, about: string): Finding[] {
  if (differing.length > 0) {
    const means = 'Nodes of this version refuse to start with it: another version or another program made it';
    const mend =
      'Start nodes with the settings of the cluster, or choose another cluster name; never delete it while it is needed';
    return [bad('fail', about, differing.join('; '), means, mend)];
  }
  if (changing.length === 0) return [];
  const means = 'The next node that starts changes it, if it may';
  return [
    bad('warn', about, `${changing.join(', ')} is not as this version sets it`, means, 'Start a node of this version'),
  ];
}

function judgeCopies({ copies, leader, replicas, storage }: Present, about: string, servers: number): Finding[] {
  if (leader === undefined) {
    const means = 'Nothing of it can be read or written; an election takes up to ten seconds';
    return [bad('fail', about, 'it has no leader', means, 'If it stays so, start the servers that are away')];
  }
  const findings: Finding[] = [];
  const away = replicas.filter(({ offline }) => offline);
  const late = replicas.filter(({ offline, current }) => !offline && !current);
  if (away.length > 0) {
    const isLost = copies - away.length <= copies / 2;
    const names = away.map(({ server }) => server).join(', ');
    findings.push(
      bad(
        isLost ? 'fail' : 'warn',
        about,
        `its copy on ${names} is away`,
        isLost ? 'Nothing can be written' : lostCopies,
        'Start that server',
      ),
    );
  }
  if (late.length > 0) {
    const names = late.map(({ server, lag }) => `${server} (${count(lag, 'record')} behind)`).join(', ');
    findings.push(
      bad(
        'warn',
        about,
        `its copy on ${names} catches up`,
        lostCopies,
        'Wait; if it stays so, look at the disk and the log of that server',
      ),
    );
  }
  if (copies < 3 && servers >= 3) {
    const means = 'It is gone with one server, though there are enough for three copies';
    const mend = 'Start a node with --replicas 3, which raises it';
    findings.push(bad('warn', about, `it has ${copies} of 3 copies`, means, mend));
  }
  if (storage === 'memory' && copies === 1) {
    const means = 'What it holds is gone when its server ends';
    findings.push(
      bad(
        'warn',
        about,
        'its only copy is in memory',
        means,
        'Make the cluster anew with --storage file, or with three servers',
      ),
    );
  }
  return findings;
}

function judgeRoom({ bytes, maxBytes }: Present, about: string): Finding[] {
  if (maxBytes <= 0 || bytes < near * maxBytes) return [];
  const means = 'When it is full, work that changes anything is refused as overloaded';
  return [
    bad(
      'warn',
      about,
      `it holds ${bytes} of ${maxBytes} bytes`,
      means,
      'Raise the bound (--max-turn-bytes), or keep less history',
    ),
  ];
}

function judgeOverlaps(streams: readonly StreamFacts[], overlapping: readonly string[] | undefined): Finding[] {
  const own = new Set(streams.map(({ name }) => name));
  const foreign = (overlapping ?? []).filter((name) => !own.has(name));
  if (foreign.length === 0) return [];
  const means = 'They answer for what is written to the cluster, so that its writes are taken for done or refused';
  return [
    bad(
      'fail',
      'streams',
      `${foreign.join(', ')} take in subjects of this cluster`,
      means,
      'Change their subjects, or the name of the cluster',
    ),
  ];
}

function clean(error: Error): string {
  return error.message.replace(/\.$/, '');
}
