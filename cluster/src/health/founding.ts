import { isLongEnough, type Observation } from '@jaegis/core';
import type { Election } from './election.ts';
import type { Ground } from './ground.ts';

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
    const isAnyoneLeft = seen.some(({ sees }) => sees !== 'gone' && sees !== 'silent');
    if (isAnyoneLeft || !isLongEnough(members.length, seen) || log.view.members !== members) return undefined;
    return (await this.#election.claim(seen)) ? seen : undefined;
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
