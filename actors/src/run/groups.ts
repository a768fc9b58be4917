import { bondsOf, type Process } from './process.ts';

export interface GroupChange {
  readonly group: string;
  readonly change: 'join' | 'leave';
  readonly member: Process;
}

/**
 * Process groups, as Erlang's pg: a group is there while it has members, a process that joins twice is in it twice and
 * leaves twice, and one that ends is out of all of them. Members on other nodes are in it by their stand-ins.
 */
export class Groups {
  readonly #members = new Map<string, Process[]>();
  readonly #listeners = new Set<(change: GroupChange) => void>();

  join(group: string, process: Process): void {
    if (!process.isAlive) return;
    const members = this.#members.get(group);
    if (members) members.push(process);
    else this.#members.set(group, [process]);
    bondsOf(process).groups.add(group);
    this.#tell({ group, change: 'join', member: process });
  }

  /** False when it is not in the group. */
  leave(group: string, process: Process): boolean {
    const members = this.#members.get(group);
    const place = members?.lastIndexOf(process) ?? -1;
    if (!members || place < 0) return false;
    members.splice(place, 1);
    if (!members.includes(process)) process.bonds?.groups.delete(group);
    if (members.length === 0) this.#members.delete(group);
    this.#tell({ group, change: 'leave', member: process });
    return true;
  }

  /** A process has ended. */
  forget(group: string, process: Process): void {
    while (this.leave(group, process));
  }

  members(group: string): readonly Process[] {
    return [...(this.#members.get(group) ?? [])];
  }

  /** All that processes of this node are in, once for each time that they joined. */
  *local(): Generator<{ readonly group: string; readonly member: Process }> {
    for (const [group, members] of this.#members) {
      for (const member of members) if (!member.isFar) yield { group, member };
    }
  }

  list(): string[] {
    return [...this.#members.keys()];
  }

  onChange(listener: (change: GroupChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: GroupChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
