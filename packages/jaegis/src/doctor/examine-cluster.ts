/** Looks a cluster over from outside: servers, streams, clocks, permissions, nodes. Works also where half of it is broken. */
import { VERSION } from '@jaegis/cluster';
import { isToken, silentLogger, tokenRule } from '@jaegis/core';
import { type ConnectOptions, defaultInboxPrefix, examineNats, type NatsFacts } from '@jaegis/nats';
import { realClock, realRandom } from '@jaegis/node';
import { z } from 'zod';
import { checked } from '../checked.ts';
import { streamPlans } from '../stream-plans.ts';
import { askNodes } from './ask-nodes.ts';
import { type Finding, worstOf } from './finding.ts';
import { judgeClocks, type NamedClock } from './judge-clocks.ts';
import { judgeNodes } from './judge-nodes.ts';
import { judgePermissions } from './judge-permissions.ts';
import { judgeServers, judgeSync } from './judge-servers.ts';
import { judgeAccount, judgeStreams } from './judge-streams.ts';
import { needsOf, type Role, roles } from './role-needs.ts';

export interface ExamineClusterOptions extends Pick<ConnectOptions, 'auth' | 'tls' | 'inboxPrefix'> {
  readonly nats: readonly string[];
  readonly cluster: string;
  /** What the user is to be permitted. Default `member`. */
  readonly role?: Role;
  /** Addresses of the servers' monitoring, `http://host:8222`, which alone knows when they write to their disks. Default: none. */
  readonly monitors?: readonly string[];
}

export interface Examination {
  readonly cluster: string;
  readonly role: Role;
  readonly worst: 'ok' | 'warn' | 'fail';
  readonly findings: readonly Finding[];
}

const given = z.object({
  cluster: z.string().refine(isToken, { error: tokenRule }),
  role: z.enum(roles).default('member'),
  monitors: z.array(z.url({ protocol: /^https?$/ })).default([]),
});

/**
 * Changes nothing, and never hangs for long: what does not answer is a finding.
 * @throws InvalidConfigError for an option that cannot be used.
 */
export async function examineCluster(options: ExamineClusterOptions): Promise<Examination> {
  const { cluster, role, monitors } = checked('examineCluster', given, options);
  const { nats, auth, tls, inboxPrefix = defaultInboxPrefix } = options;
  const [clock, random] = [realClock(), realRandom()];
  const who = { inboxPrefix, ...(auth ? { auth } : {}), ...(tls ? { tls } : {}) };
  const needs = needsOf(role, { cluster, inboxPrefix, chance: random.id() });
  const { health, turns, inbox, large, bodies } = streamPlans({ cluster, replicas: 1, storage: 'file' });
  const facts = await examineNats({
    ...who,
    servers: nats,
    clock,
    name: 'doctor',
    logger: silentLogger,
    journals: [health, turns],
    inboxes: [inbox],
    buckets: [large, bodies],
    subjects: [`jaegis.${cluster}.>`],
    prefix: 'JAEGIS_',
    trials: needs,
    monitors,
  });
  const asked = await askNodes({ ...who, nats, cluster }, clock);
  const findings = [
    ...judgeServers(facts.servers),
    ...judgeSync(facts.monitors),
    ...judgeAccount(facts.account, facts.streams.length),
    ...judgeStreams(facts, cluster),
    ...judgeClocks([...serverClocks(facts), ...asked.clocks]),
    ...judgePermissions(role, needs, facts.refused),
    ...judgeNodes(asked.facts, VERSION),
  ];
  return { cluster, role, worst: worstOf(findings), findings };
}

function serverClocks({ servers, streams, monitors }: NatsFacts): NamedClock[] {
  const own = servers.flatMap((server) =>
    server.answers ? [{ of: `server ${server.url}`, reading: server.clock }] : [],
  );
  const told = monitors.flatMap((monitor) =>
    monitor.answers ? [{ of: `server ${monitor.name}`, reading: monitor.clock }] : [],
  );
  const leaders = streams.flatMap((stream) =>
    stream.found === 'yes' ? [{ of: `the server that leads ${stream.name}`, reading: stream.clock }] : [],
  );
  const direct = [...own, ...told];
  return direct.some(({ reading }) => reading) ? direct : leaders;
}
