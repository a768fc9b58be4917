import { type ExitReason, limits, NoSuchActorError } from '@jaegis/core';
import type { Kernel } from '../run/kernel.ts';
import type { Home, Process, StartResult } from '../run/process.ts';
import type { FarProcess } from './far-process.ts';
import { type FarReason, type FarSignal, type GuestSignal, reasonFrom } from './far-signal.ts';

/** What supervisors of other nodes may start here, by type. */
export type Startables = ReadonlyMap<string, { readonly kind: string; readonly type: string }>;

export interface GuestsOptions {
  readonly kernel: Kernel;
  /** The node of their supervisors. */
  readonly node: string;
  readonly startables: Startables;
  readonly send: (signal: FarSignal) => void;
  readonly sendReason: (reason: ExitReason, make: (data: FarReason) => FarSignal) => void;
  /** Stands for a process of that node. */
  readonly at: (path: string) => FarProcess;
}

interface Guest {
  readonly number: number;
  readonly process: Process;
  /** The start that counts; what belongs to another one is over. */
  turn: number;
  /** Its start is not reported yet. */
  isStarting: boolean;
  /** It ended before that. */
  endedEarly: { readonly reason: ExitReason } | undefined;
}

/** The first part of their paths. */
export const GUESTS = 'guests';

/**
 * The actors and supervisors that run here for supervisors of one other node: started, stopped and forgotten as these
 * say. When that node is gone they end, since nobody looks after them any more.
 */
export class Guests implements Home {
  readonly #options: GuestsOptions;
  readonly kind = 'actor';
  readonly #guests = new Map<number, Guest>();
  readonly #byId = new Map<string, Guest>();

  constructor(options: GuestsOptions) {
    this.#options = options;
  }

  pathOf(id: string): string {
    return `/${GUESTS}/${id}`;
  }

  addressOf(id: string): string {
    return `${this.#options.kernel.node}${this.pathOf(id)}`;
  }

  keyOf(id: string): string {
    return id.slice(id.lastIndexOf('/') + 1);
  }

  get processes(): readonly Process[] {
    return [...this.#byId.values()].map(({ process }) => process);
  }

  /** @param id The node and path of its place under its supervisor. */
  process(id: string): Process | undefined {
    return this.#byId.get(id)?.process;
  }

  receive(signal: GuestSignal): void {
    if (signal.kind === 'start') this.#start(signal);
    else if (signal.kind === 'stop') this.#stop(signal);
    else if (signal.kind === 'release') this.#release(signal.guest);
    else this.#exit(signal);
  }

  /** Nobody looks after them any more. Resolves when they have ended. */
  async end(reason: ExitReason): Promise<void> {
    const guests = [...this.#guests.values()];
    for (const guest of guests) this.#forget(guest);
    await Promise.all(
      guests.map(async ({ process }) => {
        await process.shutdown(reason, limits.shutdownMs);
        process.release();
      }),
    );
  }

  childEnded(process: Process, reason: ExitReason): void {
    const guest = this.#byId.get(process.id);
    if (guest?.process !== process) return;
    if (guest.isStarting) guest.endedEarly = { reason };
    else this.#ended(guest, reason);
  }

  #start(signal: GuestSignal & { readonly kind: 'start' }): void {
    const { guest: number, turn, type, startTimeoutMs } = signal;
    const startable = this.#options.startables.get(type);
    const known = this.#guests.get(number);
    if (known !== undefined && known.turn >= turn) return; // it came twice
    if (startable === undefined) {
      const why = new NoSuchActorError(`${this.#options.kernel.node} knows no definition "${type}" to start.`);
      const unstarted = { kind: 'unstarted', guest: number, turn, isUnknown: true } as const;
      this.#options.sendReason(why, (reason) => ({ ...unstarted, reason }));
      return;
    }
    const guest = known ?? this.#take(signal, startable);
    guest.process.adopt(startable);
    guest.turn = turn;
    guest.isStarting = true;
    guest.endedEarly = undefined;
    const settle = (result: StartResult) => {
      if (guest.turn === turn) this.#settle(guest, result);
    };
    const result = guest.process.begin({ startTimeoutMs, register: undefined });
    if (result instanceof Promise) void result.then(settle);
    else settle(result);
  }

  #take(
    { guest: number, path, input }: GuestSignal & { readonly kind: 'start' },
    startable: { readonly kind: string; readonly type: string },
  ): Guest {
    const { kernel, node } = this.#options;
    const process = kernel.makeProcess(this, `${node}${path}`, startable, input);
    const guest: Guest = { number, process, turn: 0, isStarting: false, endedEarly: undefined };
    this.#guests.set(number, guest);
    this.#byId.set(process.id, guest);
    return guest;
  }

  #settle(guest: Guest, result: StartResult): void {
    const { number, turn, endedEarly } = guest;
    guest.isStarting = false;
    if (result.kind === 'failed') {
      const unstarted = { kind: 'unstarted', guest: number, turn, isUnknown: false } as const;
      this.#options.sendReason(result.error, (reason) => ({ ...unstarted, reason }));
      return;
    }
    this.#options.send({ kind: 'started', guest: number, turn, isIgnored: result.kind === 'ignored' });
    if (endedEarly) this.#ended(guest, endedEarly.reason);
  }

  #ended({ number, turn }: Guest, reason: ExitReason): void {
    this.#options.sendReason(reason, (data) => ({ kind: 'ended', guest: number, turn, reason: data }));
  }

  #stop({ guest: number, turn, reason, waitMs }: GuestSignal & { readonly kind: 'stop' }): void {
    const guest = this.#guests.get(number);
    if (guest === undefined || guest.turn !== turn || !guest.process.isAlive) return;
    const why = reasonFrom(reason);
    if (waitMs === undefined) guest.process.kill(why);
    else void guest.process.shutdown(why, waitMs);
  }

  #exit({ guest: number, turn, from, reason, sent }: GuestSignal & { readonly kind: 'guestExit' }): void {
    const guest = this.#guests.get(number);
    if (guest === undefined || guest.turn !== turn) return;
    const sender = from === undefined ? undefined : this.#options.at(from);
    guest.process.receiveExit(sender, reasonFrom(reason), sent);
  }

  #release(number: number): void {
    const guest = this.#guests.get(number);
    if (guest === undefined) return;
    this.#forget(guest);
    guest.process.kill('killed'); // its supervisor has seen it end, or did not wait for it
    guest.process.release();
  }

  #forget(guest: Guest): void {
    this.#guests.delete(guest.number);
    if (this.#byId.get(guest.process.id) === guest) this.#byId.delete(guest.process.id);
  }
}
