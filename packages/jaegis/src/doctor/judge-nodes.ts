/** What the nodes that run say of themselves, together. Pure. */
import { bad, count, type Finding, ok } from './finding.ts';

/** A node as the cluster's view names it, and what it said itself. */
export interface NodeFacts {
  readonly node: string;
  /** As the node that was asked sees it. */
  readonly status: string;
  /** Undefined: it did not answer. */
  readonly about:
    | {
        readonly version: string;
        readonly protocol: number;
        readonly epoch: number;
        readonly draining: boolean;
        readonly incarnation: string;
      }
    | undefined;
}

/** `refused`: this user may not ask. */
export type NodesFacts =
  | { readonly asked: 'refused' }
  | { readonly asked: 'nobody' }
  | { readonly asked: 'answered'; readonly nodes: readonly NodeFacts[] };

export function judgeNodes(facts: NodesFacts, ownVersion: string): Finding[] {
  const about = 'nodes';
  if (facts.asked === 'refused') {
    const mend = 'Permit jaegis.<cluster>.inspect.> to this user';
    return [bad('unknown', about, 'this user may not ask them', 'What runs is not known', mend)];
  }
  if (facts.asked === 'nobody') {
    const means = 'Nobody serves the entities; timers and sends wait until a node runs';
    return [bad('warn', about, 'none answers', means, 'Start one: jaegis node --app ./app.ts')];
  }
  const { nodes } = facts;
  const findings = nodes.flatMap((node) => judgeOne(node, ownVersion));
  const answering = nodes.flatMap((node) => node.about ?? []);
  const epochs = [...new Set(answering.map(({ epoch }) => epoch))];
  if (epochs.length > 1) {
    const means = 'They do not agree on who belongs to the cluster; that is so for a moment after each change';
    findings.push(
      bad(
        'warn',
        about,
        `they go by views of epochs ${epochs.join(', ')}`,
        means,
        'Ask again; if it stays so, look at their logs',
      ),
    );
  }
  const isMixed = new Set(answering.map(({ version }) => version)).size > 1;
  if (isMixed) {
    const means = 'A rolling upgrade is under way, or was left half done';
    findings.push(bad('warn', about, 'they are of several versions', means, 'Finish the upgrade'));
  }
  if (findings.length > 0) return findings;
  return [
    ok(
      about,
      `${count(nodes.length, 'node')} of version ${ownVersion}, protocol ${answering[0]?.protocol}, epoch ${epochs[0]}: ${nodes.map(({ node }) => node).join(', ')}`,
    ),
  ];
}

function judgeOne({ node, status, about: said }: NodeFacts, ownVersion: string): Finding[] {
  const about = `node ${node}`;
  if (said === undefined) {
    const means = 'It has just gone, or hangs: what it owns is served elsewhere once the others have agreed on that';
    return [
      bad(
        'fail',
        about,
        `it is in the view (${status}) and does not answer`,
        means,
        'Look at its log, or at its process',
      ),
    ];
  }
  const findings: Finding[] = [];
  if (['suspect', 'unreachable', 'degraded'].includes(status)) {
    const means =
      'It answers here, but others miss it, or it cannot do its work; its entities may be served elsewhere soon';
    const mend = 'See the evidence by jaegis health; look at its load and at its way to the servers';
    findings.push(bad('warn', about, `the cluster takes it for ${status}`, means, mend));
  }
  if (said.version !== ownVersion) {
    const means = 'This command may not understand all that it says, nor it what this command asks';
    findings.push(
      bad(
        'warn',
        about,
        `it is of version ${said.version}, this command of ${ownVersion}`,
        means,
        'Use the command of that version',
      ),
    );
  }
  if (said.draining) {
    findings.push(
      bad(
        'warn',
        about,
        'it drains',
        'It hands over what it has and owns nothing any more',
        'Nothing, if that is wanted; else start it again',
      ),
    );
  }
  return findings;
}
