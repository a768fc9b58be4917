/** A node that runs children for supervisors of others, as the two sides of that see each other. */
import type { ChildPlace, ExitReason, Member } from '@jaegis/core';
import type { Message } from '../run/protocol.ts';
import type { AskOptions } from '../run/ref.ts';
import type { FarReason, FarSignal, HostSignal } from './far-signal.ts';

/** How what is sent to a process of another node gets there. */
export interface FarDelivery {
  tell(node: string, path: string, message: Message): void;
  ask(node: string, path: string, message: Message, options: AskOptions<unknown>): Promise<unknown>;
}

/** One life of a node that children can be started on. */
export interface Host {
  readonly member: Member;
  readonly delivery: FarDelivery;
  send(signal: FarSignal): void;
  /** With the reason, or with why that cannot be carried. */
  sendReason(reason: ExitReason, make: (data: FarReason) => FarSignal): void;
  /** The number of a child that is to be started there. */
  addChild(child: Hosted): number;
  removeChild(guest: number): void;
}

/** A child that runs on a host. */
export interface Hosted {
  receive(signal: HostSignal): void;
  /** The host is gone. */
  hostLost(host: Host): void;
  /** The host leaves in order. */
  moveFrom(host: Host): void;
}

/** The nodes of the cluster, to a supervisor. */
export interface Hosts {
  /** Undefined: there is none for that place now. @param strangers Incarnations of nodes that are out of the question. */
  choose(place: ChildPlace, child: string, present: Host | undefined, strangers: ReadonlySet<string>): Host | undefined;
  /** Calls back at each change of the view. Returns what ends that. */
  onChange(listener: () => void): () => void;
  /** Where a child runs on its host, by its path here. */
  guestPath(path: string): string;
}
