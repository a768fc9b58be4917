/** The suite `cluster`: real processes are killed, stopped and cut off, and clients wait for answers. */
import type { RowSpec, Session, Suite } from '../harness/session.ts';
import type { GroundOptions } from './ground.ts';
import { leaderKilled, stalled } from './health-faults.ts';
import { FEW_MEMBERS, membershipCost } from './membership-cost.ts';
import { type Fault, frozen, killed, told, underAsks } from './node-faults.ts';
import { cutOff, reconnected } from './path-faults.ts';
import { silentNode } from './peers.ts';
import { bystanderKilled, LeaderDeaths } from './server-faults.ts';
import { serverRounds } from './server-rounds.ts';
import { allKilled, busy, crowdKilled } from './whole-faults.ts';

export interface ClusterSizes {
  readonly servers: 1 | 3;
  readonly nodes: number;
  /** So many faults for each round that the harness is told to make. */
  readonly patience: number;
  /** Entities of the node that has many. */
  readonly crowd: number;
  readonly reconnections: number;
  readonly serverRounds: number;
  readonly busySeconds: number;
  /** Members of the largest simulated cluster. */
  readonly members: number;
}

/** With the harness's five rounds: 20 faults a row, after one that warms up. */
const fullSizes: ClusterSizes = {
  servers: 3,
  nodes: 3,
  patience: 4,
  crowd: 10_000,
  reconnections: 100,
  serverRounds: 5,
  busySeconds: 600,
  members: 1_000,
};

export function clusterSuite(sizes: ClusterSizes = fullSizes): Suite {
  return {
    name: 'cluster',
    about: `Three NATS servers with three replicas of every record, three nodes (five where a minority is cut off) and one client
on one machine, each a process of its own. The client asks four counters on each node, each again 20 ms after its last
answer, which leaves two cores some of their time. Each round is one fault, each time on the next node, which is started
again, and has its whole share again, before the next one. A time
begins with the system call that is the fault and ends with the answer that counts. Answers carry what was counted: an
ask that was lost, or counted twice, fails its row, as does a node that was declared down while it lived. A figure is
that of one entity, or of one line of asks, so that one fault has several.`,
    rows: [...nodes(sizes), ...health(sizes), ...servers(sizes), ...paths(sizes), ...wholes(sizes), memberships(sizes)],
    versions: () => ({}),
  };
}

function nodes({ patience, ...ground }: ClusterSizes): RowSpec[] {
  return [
    {
      name: 'SIGKILL of a node, until what it owned is answered elsewhere',
      ...faults(ground, killed, patience),
      about: `For each entity that the victim owned: from the signal until the first answer by another node, with the state
that it had.`,
      goal: { below: 350, p99Below: 1_000 },
    },
    {
      name: 'SIGSTOP of a node, until what it owned is answered elsewhere',
      ...faults(ground, frozen, patience),
      about: `The same for a process that hangs. It goes on after the answers, and has to find out by itself that it was
replaced.`,
      goal: { below: 1_000, p99Below: 2_000 },
      documented: silentNode,
    },
    {
      name: 'SIGTERM of a node, what it adds to asks',
      ...faults(ground, told, patience),
      about: `How much longer the longest ask to each entity of the victim took, from the signal until its process had ended,
than asks usually do. An ask that fails fails the row.`,
      goal: { p99Below: 100 },
    },
  ];
}

function health({ patience, ...ground }: ClusterSizes): RowSpec[] {
  return [
    {
      name: 'SIGKILL of the leader of the health log, until the next change of a status is committed',
      ...faults(ground, leaderKilled, patience),
      about: 'Another leader has to be elected, and the others have to agree on what became of the first one.',
      goal: { p99Below: 1_500 },
    },
    {
      name: 'event loop of a node blocked for 5 s, until that is said with the name of the actor',
      ...faults(ground, stalled, patience),
      about: `From the message that makes a handler spin until the client hears that the node is stalled, and by which actor.
A node that is declared down fails the row.`,
      goal: { below: 500, p99Below: 500 },
    },
  ];
}

function servers({ patience, ...ground }: ClusterSizes): RowSpec[] {
  const deaths = new LeaderDeaths(ground);
  return [
    {
      name: 'SIGKILL of a NATS server that leads no stream, the longest ask',
      ...timed(() => bystanderKilled(ground), patience),
      about: `Of the servers the one with the most connections, after its streams were handed to another one. The longest ask
of each line within 1.5 s, of those that need storage and of those that do not.`,
      goal: { p99Below: 500 },
    },
    {
      name: 'SIGKILL of the NATS server that leads the streams, durable asks after its election',
      ...timed(() => deaths.durable(), patience),
      about: `The server with the most connections leads all streams. From the moment that the servers have another leader for
the stream of turns, which takes them 4 to 9 s, until each entity has answered. No node may be declared down meanwhile.`,
      goal: { p99Below: 500 },
    },
    {
      name: 'SIGKILL of the NATS server that leads the streams, the longest ask that needs no storage',
      ...timed(() => deaths.transient(), patience),
      about:
        'Of the same faults: the longest ask to an actor on each node, from the kill until all entities answer again.',
      goal: { p99Below: 500 },
    },
    {
      name: 'every NATS server restarted in turn, 5 rounds: lost, done twice, or deaf afterwards',
      ...counted(() => serverRounds(ground), ground.serverRounds),
      about: `While each server is killed and started again, messages are sent to inboxes, timers are set, and nodes announce
events: whatever was acknowledged and has not come, or came twice, and each node that is not heard any more.`,
      goal: { most: 0 },
    },
  ];
}

function paths({ patience, ...sizes }: ClusterSizes): RowSpec[] {
  const names = Array.from({ length: sizes.nodes }, (_, index) => `n${index + 1}`);
  const last = names.slice(-1);
  return [
    {
      name: 'a minority cut off, until it refuses and the majority serves',
      ...faults({ ...sizes, nodes: 5, proxied: ['n4', 'n5'] }, cutOff('n4', 'n5'), patience),
      about: `Proxies swallow all that two of five nodes say and hear. Until each of the two answers itself with
cluster_unavailable, and until each of their entities has answered elsewhere. An ask that one of the two still answers
3 s later fails the row.`,
      goal: { below: 3_000, p99Below: 3_000 },
    },
    {
      name: 'the connection of one node swallowed, until it refuses and another one serves',
      ...faults({ ...sizes, proxied: last }, cutOff(...last), patience),
      about:
        'The same for one node of three, whose process lives and is well. Each entity may have one writer at a time.',
      goal: { below: 3_000, p99Below: 3_000 },
    },
    {
      name: '100 reconnections of every node: consumers and subscriptions more or less than before',
      ...counted(() => reconnected({ ...sizes, proxied: names }), sizes.reconnections),
      about: 'Proxies reset the connections of all nodes, again and again. What the servers hold for them is counted.',
      goal: { most: 0 },
    },
  ];
}

function wholes({ patience, crowd, ...ground }: ClusterSizes): RowSpec[] {
  return [
    {
      name: 'SIGKILL of all nodes, all started again, until durable asks are answered',
      ...faults(ground, allKilled, patience),
      about: `From the moment that the first of the new processes has loaded its code until each entity has answered, with the
state that it had. Orleans once needed five minutes (dotnet/orleans#4734).`,
      goal: { below: 2_000, p99Below: 2_000 },
    },
    {
      name: `${crowd.toLocaleString('en')} entities on the killed node all asked, until all are answered`,
      ...timed(() => crowdKilled(ground), patience, crowd),
      about:
        'All are at work on it, and are asked at the moment of the kill, each once. Until the last one has answered.',
      goal: { below: 5_000, p99Below: 5_000 },
    },
    {
      name: 'healthy for 10 minutes with all cores busy: nodes declared down',
      ...counted(() => busy(ground), ground.busySeconds),
      about: 'As many threads spin as there are cores, beside servers, nodes and client. For fewer seconds: `--size`.',
      goal: { most: 0 },
    },
  ];
}

function memberships({ members }: ClusterSizes): RowSpec {
  return {
    name: `cost of membership per node and second: ${members.toLocaleString('en')} members ÷ ${FEW_MEMBERS}`,
    unit: 'times',
    better: 'lower',
    isOnce: true,
    ours: { size: members, open: membershipCost },
    peers: {},
    about: `The code of the nodes, all in one process, on a virtual clock and over a network in memory (docs/simulation.md).
All members see each other and are at rest; for 5 s of their time all that they send and get is counted, messages and
bytes of subjects and payloads. The larger one of the two ratios. What it costs at other sizes: \`npm run sim -- --cost\`.`,
    goal: { below: 1.1 },
  };
}

function faults(ground: GroundOptions, fault: Fault, patience: number) {
  return timed(() => underAsks(ground, fault), patience);
}

function timed(open: () => Session | Promise<Session>, patience: number, size = 1) {
  return { unit: 'ms', better: 'lower', ours: { size, open }, peers: {}, patience } as const;
}

/** What is to be 0 after so much work. */
function counted(open: () => Session | Promise<Session>, size: number) {
  return { unit: 'wrong', better: 'lower', ours: { size, open }, peers: {}, isOnce: true } as const;
}
