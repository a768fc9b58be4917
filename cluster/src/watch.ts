import { type FaultDetectorSettings, type Member, type Suspicion, suspicion } from '@jaegis/core';
import { memberMachine } from '@jaegis/machines';
import { initialTransition, type SnapshotFrom, transition } from 'xstate';

interface Watched {
  readonly member: Member;
  lastSignMs: number;
  noResponders: boolean;
  snapshot: SnapshotFrom<typeof memberMachine>;
}

export interface Verdict {
  readonly member: Member;
  readonly is: Suspicion;
  /** Whether the verdict is another than at the last look. */
  readonly changed: boolean;
  readonly silentMs: number;
  readonly noResponders: boolean;
}

/** Keeps the signs of life of the other members and says, at each look, what they are worth. Told the time. */
export class Watch {
  readonly #settings: FaultDetectorSettings;
  readonly #watched = new Map<string, Watched>();

  constructor(settings: FaultDetectorSettings) {
    this.#settings = settings;
  }

  /** From now on these are watched; those that are new count as seen at this moment. */
  follow(members: readonly Member[], nowMs: number): void {
    for (const id of [...this.#watched.keys()]) {
      if (!members.some((member) => member.id === id)) this.#watched.delete(id);
    }
    for (const member of members) {
      if (this.#watched.get(member.id)?.member.incarnation === member.incarnation) continue;
      const [snapshot] = initialTransition(memberMachine);
      this.#watched.set(member.id, { member, lastSignMs: nowMs, noResponders: false, snapshot });
    }
  }

  sign(id: string, incarnation: string, nowMs: number): void {
    const watched = this.#watched.get(id);
    if (watched?.member.incarnation !== incarnation) return;
    watched.lastSignMs = nowMs;
    // Nobody listened while it was between two servers.
    watched.noResponders = false;
  }

  /** The server said that nobody listens at the member's address. */
  noResponders(member: Member): void {
    const watched = this.#watched.get(member.id);
    if (watched?.member.incarnation === member.incarnation) watched.noResponders = true;
  }

  /** What each member is now. `ownLatenessMs`: how late this look is itself. */
  look(nowMs: number, ownLatenessMs: number): Verdict[] {
    return [...this.#watched.values()].map((watched) => {
      const { member, noResponders } = watched;
      const silentMs = nowMs - watched.lastSignMs;
      const is = suspicion({ silentMs, noResponders, ownLatenessMs }, this.#settings);
      const before = watched.snapshot.value;
      [watched.snapshot] = transition(memberMachine, watched.snapshot, { type: eventOf[is] });
      return { member, is, changed: watched.snapshot.value !== before, silentMs, noResponders };
    });
  }

  status(id: string): string {
    return this.#watched.get(id)?.snapshot.value ?? 'unknown';
  }
}

const eventOf = { alive: 'sign of life', suspect: 'silent', down: 'gone' } as const;
