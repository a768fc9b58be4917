/** The leader asks all members whether they see what it has been told; each answers from what it sees itself. */
import {
  condemns,
  isAgreed,
  isLongEnough,
  isSameLife,
  limits,
  memberOf,
  type NodeId,
  type Observation,
} from '@jaegis/core';
import type { Life, Reason, StatusChange } from './entries.ts';
import type { Ground } from './ground.ts';
import { type AgreeRequest, isTestimony, type Testimony } from './words.ts';

/** How long answers may take, in ms: each member may ask the accused first. */
const ROUND_MS = 500;

export interface Agreed {
  /** What may be written. */
  readonly changes: readonly StatusChange[];
  readonly voters: readonly NodeId[];
}

/**
 * Those of the proposed changes that a majority of the members which are not accused in them agrees to. This node's own
 * answer counts when it has come back over the wire: one that does not hear itself hears nobody.
 *
 * @param reported What the leader has been told of one life.
 */
export async function agreedTo(
  ground: Ground & { readonly watchersOf: (id: NodeId) => readonly NodeId[] },
  proposed: readonly StatusChange[],
  reported: (life: Life) => readonly Observation[],
  signal: AbortSignal,
): Promise<Agreed> {
  const { log, questions, words, settings } = ground;
  const { view, table } = log;
  const accused: ReadonlySet<NodeId> = new Set(proposed.map(({ of }) => of.id));
  const yes = new Map<StatusChange, Map<NodeId, Observation>>(proposed.map((change) => [change, new Map()]));
  const answered = new Set<NodeId>();
  const isCarried = (change: StatusChange) => isAgreed(view, accused, new Set(yes.get(change)?.keys()));
  const voters = view.members.length - accused.size;
  const watchers = new Map(proposed.map(({ of }) => [of.id, new Set(ground.watchersOf(of.id))]));
  // Who does not watch it has asked it just now, for a moment only. How long it is silent the watchers have reported.
  const isYes = (seen: Observation) =>
    condemns(seen, settings) || (seen.sees === 'silent' && !watchers.get(seen.of.id)?.has(seen.by.id));
  const request: AgreeRequest = { term: table.term, of: proposed.map(({ of }) => of) };
  const take = (answer: unknown) => {
    if (!isTestimony(answer) || accused.has(answer.by) || !memberOf(view, answer.by)) return false;
    answered.add(answer.by);
    for (const [change, supporters] of yes) {
      const seen = answer.observations.find(({ of }) => isSameLife(of, change.of));
      if (seen && isYes(seen)) supporters.set(answer.by, seen);
    }
    return answered.size >= voters || proposed.every(isCarried);
  };
  await questions.all(words.agree, request, ROUND_MS, take, signal);
  const carried = proposed.filter(isCarried);
  // Until the silence of many has lasted, all that is agreed on is that they are missed.
  const isOver = isLongEnough(
    view.members.length,
    proposed.map(({ of, reason }) => longest(reason, reported(of))),
  );
  return {
    changes: carried.map((change) => {
      const evidence = distinct([...reported(change.of), ...(yes.get(change)?.values() ?? [])]);
      return { ...change, to: isOver ? 'down' : 'unreachable', evidence: evidence.slice(0, limits.evidence) };
    }),
    voters: [...new Set(carried.flatMap((change) => [...(yes.get(change)?.keys() ?? [])]))].toSorted(),
  };
}

function longest(reason: Reason, reports: readonly Observation[]) {
  const silentMs = Math.max(0, ...reports.map((seen) => seen.silentMs));
  return { sees: reason === 'gone' ? ('gone' as const) : ('silent' as const), silentMs };
}

function distinct(evidence: readonly Observation[]): Observation[] {
  return [...new Map(evidence.map((seen) => [seen.by.id, seen])).values()];
}

/**
 * What this member sees of those that the leader asks about. It asks them itself: what it has been reporting may be over, and
 * who is none of its subjects it does not know.
 */
export async function testify({ self, observer }: Ground, { of }: AgreeRequest): Promise<Testimony> {
  const by = self();
  const see = (life: Life) => (life.id === by.id ? { of: life, by, ...well } : observer.observe(life));
  return { by: by.id, observations: await Promise.all(of.map(see)) };
}

const well = { sees: 'alive', silentMs: 0, phi: 0 } as const;
