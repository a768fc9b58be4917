import { type ExitReason, type Member, NodeDownError, NotSerializableError } from '@jaegis/core';
import { demonitor, endBonds, monitor } from '../run/bonds.ts';
import type { Kernel } from '../run/kernel.ts';
import { type ActorMonitor, bondsOf, type Process } from '../run/process.ts';
import { type FarHome, FarProcess } from './far-process.ts';
import { type FarReason, type FarSignal, farReason, type MemberChange, reasonFrom } from './far-signal.ts';
import { Guests, type Startables } from './guests.ts';
import type { FarDelivery, Host, Hosted } from './host.ts';

export interface FarLifeOptions {
  readonly kernel: Kernel;
  readonly member: Member;
  readonly delivery: FarDelivery;
  readonly startables: Startables;
  /** @throws NotSerializableError */
  readonly send: (to: Member, signal: FarSignal) => void;
  /** Different for each link that this node makes. */
  readonly nextTie: () => string;
}

/** What entities' paths begin with. */
export const ENTITIES = '/entities/';
/** Of groups, in one signal. */
const MOST_CHANGES = 500;

/** One life of another node, and the bonds between its processes and those of this node. It ends all of them. */
export class FarLife implements FarHome, Host {
  readonly #options: FarLifeOptions;
  readonly kind = 'actor';
  isUp = true;
  /** Those that something here is tied to, by their paths. */
  readonly #processes = new Map<string, FarProcess>();
  /** Monitors here of processes there, by their numbers. */
  readonly #ours = new Map<number, { readonly made: ActorMonitor; readonly process: FarProcess }>();
  /** Monitors there of processes here, by the numbers of that node. */
  readonly #theirs = new Map<number, ActorMonitor>();
  #lastMonitor = 0;
  /** What runs here for its supervisors. */
  readonly guests: Guests;
  /** What runs there for supervisors of this node, by numbers. */
  readonly #children = new Map<number, Hosted>();
  #lastChild = 0;
  #isDraining = false;
  /** Resolves, once it is over, when what ran here for its supervisors has ended. */
  ended: Promise<void> = Promise.resolve();
  /** Changes of groups that were said to that node, and that it has said. */
  #groupsSaid = 0;
  #groupsHeard = 0;

  constructor(options: FarLifeOptions) {
    this.#options = options;
    const { kernel, member, startables } = options;
    this.guests = new Guests({
      kernel,
      node: member.id,
      startables,
      send: (signal) => this.send(signal),
      sendReason: (reason, make) => this.sendReason(reason, make),
      at: (path) => this.at(path),
    });
  }

  addChild(child: Hosted): number {
    this.#children.set(++this.#lastChild, child);
    return this.#lastChild;
  }

  removeChild(guest: number): void {
    this.#children.delete(guest);
  }

  /** It leaves in order: what runs there for supervisors of this node moves. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (const child of [...this.#children.values()]) child.moveFrom(this);
  }

  get member(): Member {
    return this.#options.member;
  }

  get delivery(): FarDelivery {
    return this.#options.delivery;
  }

  pathOf(path: string): string {
    return path;
  }

  addressOf(path: string): string {
    return path.startsWith(ENTITIES) ? path.slice(ENTITIES.length) : `${this.member.id}${path}`;
  }

  keyOf(path: string): string {
    return path.slice(path.lastIndexOf('/') + 1);
  }

  childEnded(): void {
    // What lives there is started there.
  }

  /** The one that stands for the process at that path; remembered while something is tied to it. */
  at(path: string): FarProcess {
    return this.#processes.get(path) ?? new FarProcess(this, path);
  }

  remember(process: FarProcess): void {
    this.#processes.set(process.id, process);
  }

  prune(process: FarProcess): void {
    if (process.isBare && this.#processes.get(process.id) === process) this.#processes.delete(process.id);
  }

  nextTie(): string {
    return this.#options.nextTie();
  }

  watch(made: ActorMonitor, process: FarProcess): number {
    const id = ++this.#lastMonitor;
    this.remember(process);
    this.#ours.set(id, { made, process });
    return id;
  }

  unwatch(id: number): boolean {
    return this.#ours.delete(id);
  }

  send(signal: FarSignal): void {
    if (this.isUp) this.#options.send(this.member, signal);
  }

  sendReason(reason: ExitReason, make: (data: FarReason) => FarSignal): void {
    try {
      this.send(make(farReason(reason)));
    } catch (cause) {
      const why = new NotSerializableError('The exit reason cannot be carried to another node.', { cause });
      this.send(make(farReason(why)));
    }
  }

  receive(signal: FarSignal): void {
    if (signal.kind === 'link') this.#link(signal);
    else if (signal.kind === 'unlink') this.#unlink(signal);
    else if (signal.kind === 'exit') this.#exit(signal);
    else if (signal.kind === 'order') this.#order(signal);
    else if (signal.kind === 'monitor') this.#monitor(signal);
    else if (signal.kind === 'demonitor') this.#demonitor(signal.id);
    else if (signal.kind === 'started' || signal.kind === 'unstarted' || signal.kind === 'ended') {
      this.#children.get(signal.guest)?.receive(signal);
    } else if (
      signal.kind === 'start' ||
      signal.kind === 'stop' ||
      signal.kind === 'release' ||
      signal.kind === 'guestExit'
    ) {
      this.guests.receive(signal);
    } else if (signal.kind === 'group') this.#group(signal);
    else if (signal.kind === 'down') this.#down(signal.id, reasonFrom(signal.reason));
  }

  /** It is gone, or this node is as good as gone to it: all who are tied to its processes are told. */
  end(): void {
    if (!this.isUp) return;
    this.isUp = false;
    const node = this.member.id;
    const reason = new NodeDownError(`Node "${node}" is gone.`, { data: { node } });
    this.#ours.clear();
    for (const made of this.#theirs.values()) demonitor(made);
    this.#theirs.clear();
    const processes = [...this.#processes.values()];
    this.#processes.clear();
    for (const process of processes) endBonds(process, reason, this.#options.kernel);
    this.ended = this.guests.end(reason);
    const children = [...this.#children.values()];
    this.#children.clear();
    for (const child of children) child.hostLost(this);
  }

  /** Processes of this node have joined groups, or left them. */
  sayGroups(changes: readonly MemberChange[]): void {
    for (let at = 0; at < changes.length; at += MOST_CHANGES) {
      this.send({ kind: 'group', number: ++this.#groupsSaid, changes: changes.slice(at, at + MOST_CHANGES) });
    }
  }

  #group({ number, changes }: FarSignal & { readonly kind: 'group' }): void {
    if (number <= this.#groupsHeard) return; // it came twice
    this.#groupsHeard = number;
    const { groups } = this.#options.kernel;
    for (const [group, path, by] of changes) {
      const process = this.at(path);
      if (by > 0) {
        this.remember(process);
        groups.join(group, process);
      } else {
        groups.leave(group, process);
        this.prune(process);
      }
    }
  }

  #here(path: string): Process | undefined {
    const { kernel } = this.#options;
    const process = kernel.resolve(`${kernel.node}${path}`);
    return process?.isAlive ? process : undefined;
  }

  #link({ tie, from, to }: FarSignal & { readonly kind: 'link' }): void {
    const here = this.#here(to);
    if (here === undefined) {
      this.send({ kind: 'exit', ties: [tie], from: to, to: from, reason: farReason('noproc') });
      return;
    }
    const far = this.at(from);
    bondsOf(here).links.add(far);
    bondsOf(far).links.add(here);
    far.tie(here, tie);
  }

  #unlink({ ties, from, to }: FarSignal & { readonly kind: 'unlink' }): void {
    const here = this.#here(to);
    const far = this.#processes.get(from);
    if (here !== undefined && far?.loosen(here, ties)) this.#part(here, far);
  }

  #exit({ ties, from, to, reason }: FarSignal & { readonly kind: 'exit' }): void {
    const here = this.#here(to);
    const far = this.#processes.get(from);
    if (here === undefined || !far?.untie(here, ties)) return;
    this.#part(here, far);
    here.receiveExit(far, reasonFrom(reason), false);
  }

  #part(here: Process, far: FarProcess): void {
    here.bonds?.links.delete(far);
    far.bonds?.links.delete(here);
    this.prune(far);
  }

  #order({ from, to, reason }: FarSignal & { readonly kind: 'order' }): void {
    this.#here(to)?.receiveExit(from === undefined ? undefined : this.at(from), reasonFrom(reason), true);
  }

  #monitor({ id, to }: FarSignal & { readonly kind: 'monitor' }): void {
    if (this.#theirs.has(id)) return; // it came twice
    const watcher = {
      receiveDown: ({ signal }: ActorMonitor) => {
        this.#theirs.delete(id);
        this.sendReason(signal?.reason, (reason) => ({ kind: 'down', id, reason }));
      },
    };
    const made = monitor(watcher, undefined, this.#here(to), to, undefined);
    if (made.watched !== undefined) this.#theirs.set(id, made);
  }

  #demonitor(id: number): void {
    const made = this.#theirs.get(id);
    this.#theirs.delete(id);
    if (made !== undefined) demonitor(made);
  }

  #down(id: number, reason: ExitReason): void {
    const ours = this.#ours.get(id);
    this.#ours.delete(id);
    ours?.process.down(ours.made, reason);
  }
}
