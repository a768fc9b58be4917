/** What the servers are worth to a cluster, one by one and together. Pure. */
import { JaegisError } from '@jaegis/core';
import { isNewEnough, type MonitorFacts, minimumVersion, type ServerFacts } from '@jaegis/nats';
import { bad, count, type Finding, ok } from './finding.ts';

type Answering = Extract<ServerFacts, { answers: true }>;

/** Beats come every 100 ms, and each turn is a round trip. */
const slowMs = 50;
const tooSlowMs = 250;
/** NATS's own default, 1 MiB. */
const usualPayload = 1024 * 1024;

export function judgeServers(servers: readonly ServerFacts[]): Finding[] {
  const answering = servers.filter((server) => server.answers);
  const silent = servers.length - answering.length;
  const each = servers.flatMap((server) =>
    server.answers ? judgeOne(server) : [judgeSilent(server, silent, servers.length)],
  );
  return [...each, ...judgeTogether(answering, servers.length)];
}

function judgeSilent(server: Extract<ServerFacts, { answers: false }>, silent: number, all: number): Finding {
  const { url, error } = server;
  const left = all - silent;
  const isEnough = left > all / 2;
  const means = isEnough
    ? `${count(left, 'server')} of ${all} carry the cluster; with another one gone nothing durable can be written`
    : 'Nothing durable can be written: JetStream needs more than half of its servers';
  const mend =
    error instanceof JaegisError && error.code !== 'connect_failed'
      ? error.remedy
      : `Start it, or take ${url} out of the addresses`;
  return bad('fail', `server ${url}`, firstSentence(error.message), means, mend);
}

function judgeOne({ url, name, version, jetStream, maxPayload, roundTripMs }: Answering): Finding[] {
  const about = `server ${url}`;
  const findings: Finding[] = [];
  if (!isNewEnough(version)) {
    const mend = `Upgrade it to ${minimumVersion} or newer, one server after the other`;
    findings.push(bad('fail', about, `it is nats-server ${version}`, 'No node starts with it', mend));
  }
  if (!jetStream) {
    const means = 'Nothing is kept: no node starts with it';
    findings.push(
      bad(
        'fail',
        about,
        'it has no JetStream',
        means,
        'Start it with -js, or with a block jetstream in its configuration',
      ),
    );
  }
  if (roundTripMs > slowMs) {
    const level = roundTripMs > tooSlowMs ? 'fail' : 'warn';
    const means = 'Each turn waits for some round trips, and other nodes may take this one for silent';
    findings.push(
      bad(level, about, `a round trip takes ${ms(roundTripMs)}`, means, 'Run nodes and servers in one region'),
    );
  }
  if (maxPayload < usualPayload) {
    const means = 'A turn whose state is larger is refused, and messages go through the object store sooner';
    findings.push(
      bad('warn', about, `max_payload is ${maxPayload} bytes`, means, `Set max_payload to ${usualPayload} or more`),
    );
  }
  if (findings.length > 0) return findings;
  return [ok(about, `${name}, nats-server ${version}, JetStream, round trip ${ms(roundTripMs)}`)];
}

function judgeTogether(servers: readonly Answering[], named: number): Finding[] {
  const about = 'servers';
  const findings: Finding[] = [];
  const clusters = [...new Set(servers.map(({ cluster }) => cluster ?? ''))];
  if (servers.length > 1 && (clusters.length > 1 || clusters[0] === '')) {
    const names = servers.map(({ url, cluster = 'none' }) => `${url}: ${cluster}`).join(', ');
    const means = 'Each keeps a state of its own, and nodes see each other only on the same one';
    const mend = 'Give all of them one cluster block with the same name and routes to each other';
    findings.push(bad('fail', about, `they are no one cluster (${names})`, means, mend));
  }
  const ids = new Set(servers.map(({ name }) => name));
  if (ids.size < servers.length && clusters.length === 1) {
    const means = 'Fewer servers than it seems stand between the state and its loss';
    findings.push(bad('warn', about, 'two of the addresses are the same server', means, 'Name each server once'));
  }
  const versions = [...new Set(servers.map(({ version }) => version))];
  if (versions.length > 1) {
    const means = 'Features of the newer ones wait for the oldest';
    findings.push(bad('warn', about, `they are of versions ${versions.join(', ')}`, means, 'Finish the upgrade'));
  }
  const size = Math.max(named, ...servers.map(({ knows }) => knows));
  if (size === 2) {
    const means = 'Two servers stand the loss of neither: JetStream needs more than half';
    findings.push(bad('warn', about, 'there are two', means, 'Run three, or one'));
  } else if (size === 1 && servers.length === 1) {
    const means = 'Nothing works while it is away, and what it keeps is gone with its disk';
    findings.push(
      bad('warn', about, 'there is one', means, 'Run three for a cluster that must not stop; one is fine to develop'),
    );
  } else if (servers.length === named && findings.length === 0) {
    findings.push(ok(about, `${count(size, 'server')} in cluster ${clusters[0]}`));
  }
  return findings;
}

/** When the servers write to their disks, which only their monitoring tells. */
export function judgeSync(monitors: readonly MonitorFacts[]): Finding[] {
  if (monitors.length === 0) {
    const means =
      'When all servers of a record fail at once, what was acknowledged since their last sync is lost; the default is 2 minutes';
    const mend = 'Name the addresses of their monitoring by --monitor http://host:8222';
    return [bad('unknown', 'sync_interval', 'servers tell it to their monitoring only', means, mend)];
  }
  return monitors.map((monitor): Finding => {
    const about = `monitoring ${monitor.url}`;
    if (!monitor.answers) {
      return bad(
        'warn',
        about,
        monitor.error.message,
        'What it would tell is not known',
        'Check the address, or turn monitoring on by http: 8222',
      );
    }
    const { name, syncMs } = monitor;
    if (syncMs === undefined)
      return bad('unknown', about, `${name} does not say when it syncs`, 'It has no JetStream', 'See its own finding');
    if (syncMs === 0) return ok(about, `${name} syncs before each acknowledgement`);
    const means =
      'With one server, or when all fail at once, what was acknowledged since is lost when the machine fails';
    const mend =
      'Set sync_interval: always in the block jetstream, where that matters more than speed (docs/guarantees.md)';
    return bad('warn', about, `${name} syncs every ${ms(syncMs)}`, means, mend);
  });
}

/** The advice after it is given in words of our own. */
function firstSentence(text: string): string {
  return (/^.*?(?=\. |\.$|$)/s.exec(text) ?? [text])[0];
}

export function ms(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1_000)} s`;
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}
