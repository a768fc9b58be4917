import type { Hosts } from '../far/host.ts';
import type { Process } from './process.ts';
import type { AnyRef } from './ref.ts';
import type { NodeSignal } from './signal.ts';

/** Who is told of nodes that come and go. */
export interface NodeWatcher {
  receiveNode(signal: NodeSignal): void;
}

/** The other nodes, as the kernel of this one reaches their processes. */
export interface Far extends Hosts {
  /** Stands for the process of another node that this is the address of; undefined: it is none of another node. */
  process(target: AnyRef | string): Process | undefined;
  watchNodes(watcher: NodeWatcher): void;
  unwatchNodes(watcher: NodeWatcher): void;
}
