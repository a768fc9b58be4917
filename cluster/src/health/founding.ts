import { isNobodyLeft, type Observation } from '@jaegis/core';
import type { Election } from './election.ts';
import type { Ground } from './ground.ts';
import type { VoteRequest } from './words.ts';

/** How long an own question may take to come back, in ms. */
const ECHO_MS = 500;

/**
 * How a node that is no member comes to lead: where nobody is left who could admit it. That is so for the first node of a
 * cluster, and when all were killed at once and are started again.
 */
export class Founding {
  readonly #ground: Ground;
  readonly #election: Election;
  /** Since when each life that the log names has been missed. */
  readonly #missedMs = new Map<string, number>();

  constructor(ground: Ground, election: Election) {
    this.#ground = ground;
    this.#election = election;
  }

  /** What was seen of the members, where this node leads now; undefined where it does not. */
  async attempt(): Promise<readonly Observation[] | undefined> {
    const { log, observer, clock } = this.#ground;
    try {
      await log.catchUp();
    } catch {
      return undefined;
    }
    const { members } = log.view;
    const asked = await Promise.all(members.map((member) => observer.observe(member)));
    const nowMs = clock.monotonic();
    const seen = asked.map((each) => ({ ...each, silentMs: Math.max(each.silentMs, this.#missed(each, nowMs)) }));
    if (!isNobodyLeft(seen) || log.view.members !== members) return undefined;
    if (!(await this.#hearsItself())) return undefined;
    return (await this.#election.claim(seen)) ? seen : undefined;
  }

  /** Where not even its own question comes back, the silence of all others says nothing about them. */
  async #hearsItself(): Promise<boolean> {
    const { log, self, questions, words } = this.#ground;
    const { id, incarnation } = self();
    const request: VoteRequest = { pre: true, term: log.table.term + 1, candidate: { id, incarnation } };
    return (await questions.all(words.vote, request, ECHO_MS, () => true)) === 'done';
  }

  #missed({ of, sees }: Observation, nowMs: number): number {
    if (sees !== 'silent') {
      this.#missedMs.delete(of.incarnation);
      return 0;
    }
    const since = this.#missedMs.get(of.incarnation) ?? nowMs;
    this.#missedMs.set(of.incarnation, since);
    return nowMs - since;
  }
}
