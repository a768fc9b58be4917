import type { ExitReason } from '@jaegis/core';
import { Ask, type Item } from './ask.ts';
import type { AnyProtocol } from './protocol.ts';
import type { ClosableRef, Ref } from './ref.ts';

/** A linked process ended, or somebody sent an exit signal, and this actor traps exits. */
export interface ExitSignal {
  readonly type: 'exit';
  /** Who ended or sent it; undefined when it came from outside the actors. */
  readonly from: Ref<AnyProtocol> | undefined;
  readonly reason: ExitReason;
}

/** A monitored process ended. Delivered once, after its names are free. */
export interface DownSignal {
  readonly type: 'down';
  readonly monitor: Monitor;
  /** Undefined when a name was monitored that nobody held. */
  readonly from: Ref<AnyProtocol> | undefined;
  readonly reason: ExitReason;
  /** As given to `monitor`. */
  readonly tag: unknown;
}

/** A node came into the view of the cluster, or is not in it any more. After the exits and ends that follow from it. */
export class NodeSignal {
  readonly type = 'node';
  readonly change: 'up' | 'down';
  readonly node: string;

  constructor(change: 'up' | 'down', node: string) {
    this.change = change;
    this.node = node;
  }
}

export type Signal = ExitSignal | DownSignal | NodeSignal;

/** Told from messages of these types by what they carry. */
export function isSignal(item: Item): item is Signal {
  if (item instanceof Ask) return false;
  if (item instanceof NodeSignal) return true;
  return (item.type === 'exit' || item.type === 'down') && 'reason' in item && 'from' in item;
}

/** One watch over one incarnation of a process. Opaque: give it back to `demonitor`. */
export interface Monitor {
  /** Whom it watches: an address, or the name that was given. */
  readonly target: string;
  /** The address that was asked for with it. */
  readonly alias: ClosableRef | undefined;
}

export interface MonitorOptions {
  /** Comes back in the `down` signal. */
  readonly tag?: unknown;
  /**
   * Also makes an alias. `explicit`: lasts until it is closed. `demonitor`: closed with the monitor, by `demonitor` or
   * `down`. `reply`: as that, and its first message ends both.
   */
  readonly alias?: 'explicit' | 'demonitor' | 'reply';
}
