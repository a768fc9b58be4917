/** The suite `cluster`: real processes are killed, stopped and cut off, and clients wait for answers. */
import type { RowSpec, Suite } from '../harness/session.ts';
import type { GroundOptions } from './ground.ts';
import { frozen, killed, told, underAsks } from './node-faults.ts';
import { silentNode } from './peers.ts';

export interface ClusterSizes {
  readonly servers: 1 | 3;
  readonly nodes: number;
  /** So many faults for each round that the harness is told to make. */
  readonly patience: number;
}

/** With the harness's five rounds: 20 faults a row, after one that warms up. */
const fullSizes: ClusterSizes = { servers: 3, nodes: 3, patience: 4 };

export function clusterSuite(sizes: ClusterSizes = fullSizes): Suite {
  return {
    name: 'cluster',
    about: `Three NATS servers with three replicas of every record, three nodes (five where a minority is cut off) and one client
on one machine, each a process of its own. The client asks counters on all nodes without a pause but 5 ms, one ask in
flight for each; each round is one fault, each time on the next node, which is started again before the next one. A time
begins with the system call that is the fault and ends with the answer that counts. Answers carry what was counted: an
ask that was lost, or counted twice, fails its row, as does a node that was declared down while it lived.`,
    rows: nodes(sizes),
    versions: () => ({}),
  };
}

function nodes({ patience, ...ground }: ClusterSizes): RowSpec[] {
  return [
    {
      name: 'SIGKILL of a node, until what it owned is answered elsewhere',
      ...ms(ground, killed, patience),
      about: `For each entity that the victim owned: from the signal until the first answer by another node, with the state
that it had.`,
      goal: { below: 350, p99Below: 1_000 },
    },
    {
      name: 'SIGSTOP of a node, until what it owned is answered elsewhere',
      ...ms(ground, frozen, patience),
      about: `The same for a process that hangs. It goes on after the answers, and has to find out by itself that it was
replaced.`,
      goal: { below: 1_000, p99Below: 2_000 },
      documented: silentNode,
    },
    {
      name: 'SIGTERM of a node, what it adds to asks',
      ...ms(ground, told, patience),
      about: `How much longer the longest ask to each entity of the victim took, from the signal until its process had ended,
than asks usually do. An ask that fails fails the row.`,
      goal: { p99Below: 100 },
    },
  ];
}

function ms(ground: GroundOptions, fault: Parameters<typeof underAsks>[1], patience: number) {
  const ours = { size: 1, open: () => underAsks(ground, fault) };
  return { unit: 'ms', better: 'lower', ours, peers: {}, patience } as const;
}
