import { type ExitReason, type Member, NodeDownError, type TreeNode } from '@jaegis/core';
import { type ActorMonitor, type Home, type Process, Relay, type StartResult } from '../run/process.ts';
import type { Message } from '../run/protocol.ts';
import type { AskOptions } from '../run/ref.ts';
import type { FarReason, FarSignal } from './far-signal.ts';
import type { FarDelivery } from './host.ts';

/** The life of a node that processes of it are in, as these see it. */
export interface FarHome extends Home {
  readonly member: Member;
  readonly isUp: boolean;
  readonly delivery: FarDelivery;
  /** Something here is tied to that process from now on. */
  remember(process: FarProcess): void;
  /** Perhaps nothing is any more. */
  prune(process: FarProcess): void;
  nextTie(): string;
  /** The number of a monitor of that process. */
  watch(made: ActorMonitor, process: FarProcess): number;
  /** False when it has fired. */
  unwatch(id: number): boolean;
  send(signal: FarSignal): void;
  /** With the reason, or with why that cannot be carried. */
  sendReason(reason: ExitReason, make: (data: FarReason) => FarSignal): void;
}

/**
 * Stands for a process of another node: holds the bonds that processes of this one have with it, and passes on what
 * happens to them. When its node is gone it ends, and they are told as of any other end.
 */
export class FarProcess extends Relay {
  readonly life: FarHome;
  /** The links with it, by who is linked here. */
  readonly #ties = new Map<Process, Set<string>>();
  /** The monitors here of it, by the numbers that its node knows. */
  readonly #monitors = new Map<ActorMonitor, number>();

  constructor(life: FarHome, path: string) {
    super(life, path);
    this.life = life;
  }

  override get isFar(): boolean {
    return true;
  }

  get isAlive(): boolean {
    return this.life.isUp;
  }

  override get absence(): ExitReason {
    const node = this.life.member.id;
    return new NodeDownError(`Node "${node}" is not in the cluster.`, { data: { node } });
  }

  /** Nothing here is tied to it: it need not be remembered. */
  get isBare(): boolean {
    const { bonds } = this;
    return bonds === undefined || bonds.links.size + bonds.watchers.size + bonds.groups.size === 0;
  }

  tell(message: Message): void {
    this.life.delivery.tell(this.life.member.id, this.id, message);
  }

  ask(message: Message, options: AskOptions<unknown> = {}): Promise<unknown> {
    return this.life.delivery.ask(this.life.member.id, this.id, message, options);
  }

  override linked(one: Process): void {
    const tie = this.life.nextTie();
    this.tie(one, tie);
    this.life.send({ kind: 'link', tie, from: one.path, to: this.id });
  }

  override unlinked(one: Process): void {
    const ties = this.takeTies(one);
    if (ties.length > 0) this.life.send({ kind: 'unlink', ties, from: one.path, to: this.id });
    this.life.prune(this);
  }

  override watched(made: ActorMonitor): void {
    made.isInOrder = true;
    const id = this.life.watch(made, this);
    this.#monitors.set(made, id);
    this.life.send({ kind: 'monitor', id, to: this.id });
  }

  override unwatched(made: ActorMonitor): void {
    const id = this.#monitors.get(made);
    this.#monitors.delete(made);
    if (id !== undefined && this.life.unwatch(id)) this.life.send({ kind: 'demonitor', id });
    this.life.prune(this);
  }

  /** The end of the process has come over this monitor. */
  down(made: ActorMonitor, reason: ExitReason): void {
    this.#monitors.delete(made);
    this.bonds?.watchers.delete(made);
    made.fire(this, reason);
    this.life.prune(this);
  }

  tie(one: Process, tie: string): void {
    this.life.remember(this);
    const ties = this.#ties.get(one);
    if (ties) ties.add(tie);
    else this.#ties.set(one, new Set([tie]));
  }

  /** Whether any of these was among the ties with it. Those that are left are no ties any more either. */
  untie(one: Process, ties: readonly string[]): boolean {
    const known = this.#ties.get(one);
    if (known === undefined || !ties.some((tie) => known.has(tie))) return false;
    const others = this.takeTies(one).filter((tie) => !ties.includes(tie));
    if (others.length > 0) this.life.send({ kind: 'unlink', ties: others, from: one.path, to: this.id });
    return true;
  }

  /** Those that are named are no more. Whether the two are not linked now. */
  loosen(one: Process, ties: readonly string[]): boolean {
    const known = this.#ties.get(one);
    for (const tie of ties) known?.delete(tie);
    if (known !== undefined && known.size > 0) return false;
    this.#ties.delete(one);
    return true;
  }

  takeTies(one: Process): string[] {
    const ties = [...(this.#ties.get(one) ?? [])];
    this.#ties.delete(one);
    return ties;
  }

  /** A process of this node that is linked to it has ended, or sends it a signal: its node is told. */
  receiveExit(from: Process | undefined, reason: ExitReason, sent: boolean): void {
    if (sent) {
      this.life.sendReason(reason, (data) => ({ kind: 'order', from: from?.path, to: this.id, reason: data }));
    } else if (from !== undefined) {
      const ties = this.takeTies(from);
      const exit = { kind: 'exit', ties, from: from.path, to: this.id } as const;
      if (ties.length > 0) this.life.sendReason(reason, (data) => ({ ...exit, reason: data }));
    }
    this.life.prune(this);
  }

  receiveDown(): void {
    // What it watches here is watched by its node for it.
  }

  begin(): StartResult {
    return { kind: 'failed', error: this.absence }; // it is started where it lives
  }

  /** An exit signal: whether it ends is its own affair. */
  shutdown(reason: ExitReason): undefined {
    this.receiveExit(undefined, reason, true);
  }

  kill(): void {
    this.receiveExit(undefined, 'kill', true);
  }

  release(): void {}

  adopt(): boolean {
    return false;
  }

  child(): undefined {
    return undefined;
  }

  inspect(): TreeNode {
    const status = this.isAlive ? 'running' : 'stopped';
    return {
      id: this.id,
      kind: 'actor',
      type: 'far',
      status,
      mailbox: 0,
      handled: 0,
      restarts: 0,
      children: [],
    };
  }
}
