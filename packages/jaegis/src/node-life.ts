/** What a node answers to the probes of whoever runs it: whether it has started, and whether it takes part. */
import type { Standing } from '@jaegis/cluster';
import { isSameLife, type Member, memberOf, type View } from '@jaegis/core';
import type { ProbeAnswer, Probes } from '@jaegis/node';

/** The node as the probes see it. */
export interface Seen {
  readonly role: 'member' | 'client';
  /** Whether the connection to NATS stands. */
  readonly connected: boolean;
  readonly self: Member;
  readonly view: View;
  /** What it may do, as far as it can know whether it still belongs to the cluster. */
  readonly standing: Standing;
}

/** `stopping` from the first moment on, before anything is handed over: nobody sends work to a node that goes. */
export type Phase = 'starting' | 'running' | 'stopping';

/** Why a node should be given no work; none: it should. Pure. */
export function reasonsAgainst(phase: Phase, seen: Seen | undefined): string[] {
  if (phase === 'starting' || seen === undefined) return ['it is starting'];
  if (phase === 'stopping') return ['it is stopping: it hands over what it has and leaves'];
  const reasons: string[] = [];
  if (!seen.connected) reasons.push('the connection to NATS is lost; it is being restored');
  if (seen.role === 'client') return reasons;
  if (seen.standing === 'verifying') reasons.push('it was away for a moment and asks what has happened meanwhile');
  if (seen.standing === 'refusing') reasons.push('it hears neither the servers nor most of the other members');
  const member = memberOf(seen.view, seen.self.id);
  if (member === undefined || !isSameLife(member, seen.self)) {
    reasons.push('it is no member of the cluster at the moment; it joins again by itself');
  } else if (member.draining) {
    reasons.push('it drains: it owns nothing any more');
  }
  return reasons;
}

export class NodeLife implements Probes {
  #phase: Phase = 'starting';
  #look: (() => Seen) | undefined;
  #failure: string | undefined;

  begun(look: () => Seen): void {
    this.#phase = 'running';
    this.#look = look;
  }

  /** @param failure Why it cannot go on, where it does not stop because it was told to. */
  ends(failure?: string): void {
    this.#phase = 'stopping';
    this.#failure ??= failure;
  }

  /** That somebody answers at all says that the event loop turns. */
  live(): ProbeAnswer {
    return answer(this.#failure === undefined ? [] : [`it failed: ${this.#failure}`]);
  }

  ready(): ProbeAnswer {
    return answer(reasonsAgainst(this.#phase, this.#look?.()));
  }

  started(): ProbeAnswer {
    return answer(this.#look === undefined ? ['it is starting'] : []);
  }
}

function answer(reasons: string[]): ProbeAnswer {
  return { ok: reasons.length === 0, reasons };
}
