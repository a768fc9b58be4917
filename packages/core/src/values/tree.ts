import type { ErrorData } from '../errors.ts';

/** One place in a supervision tree, as inspection shows it: plain data. */
export interface TreeNode {
  readonly id: string;
  readonly kind: 'node' | 'supervisor' | 'actor' | 'entity';
  /** What it is: an actor's or entity's type, a supervisor's strategy. */
  readonly type: string;
  /** `passive`: asleep until a message comes. `silent`: a node that did not answer in time; what runs on it is not known. */
  readonly status: 'starting' | 'running' | 'restarting' | 'stopping' | 'stopped' | 'passive' | 'silent';
  readonly mailbox: number;
  readonly handled: number;
  readonly restarts: number;
  /** Messages that have waited at most at one time. Of actors, as are the next two. */
  readonly highWater?: number;
  /** What its messages hold of its budget of memory, until their turns are over. Undefined: it has none. */
  readonly mailboxBytes?: number;
  /** Crashes and failed starts. */
  readonly failures?: number;
  /** Time spent in handlers on the event loop, in ms. */
  readonly busyMs?: number;
  readonly lastError?: ErrorData;
  /** Of entities, by their records: messages that were given up, and turns that could not be read. The last few are kept. */
  readonly deadLetters?: number;
  readonly quarantined?: number;
  /** What stands at the door of an actor. */
  readonly policy?: DoorView;
  /** Of the root of a node: what stands at the doors of whole types. */
  readonly policies?: readonly DoorView[];
  /** What a node has under way to others. */
  readonly peers?: readonly PeerTraffic[];
  /** Children that are not listed, because there are too many. */
  readonly omitted?: number;
  /** The node that it runs on, of a child that runs on another one. */
  readonly on?: string;
  readonly children: readonly TreeNode[];
}

/** What stands at the door of actors, in short. */
export interface DoorView {
  readonly name: string;
  /** The state of its breaker, where it has one for all. */
  readonly breaker?: string;
  /** Asks that it has let in, or that wait for it. */
  readonly underWay: number;
  /** Asks that it did not let in, since it was made. */
  readonly refused: number;
}

/** What one node has under way to another, in bytes. */
export interface PeerTraffic {
  readonly node: string;
  /** Sent, and not known to have arrived. */
  readonly unacknowledgedBytes: number;
  /** Waits until the other node has taken in more. */
  readonly waitingBytes: number;
  /** Waits until the bounds of the network allow more bulk. Undefined where nothing has ever done so. */
  readonly bulkBytes?: number;
}
