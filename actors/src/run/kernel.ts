import type { ChildPlace, Clock, Deadlines, ExitReason, JaegisError, Random } from '@jaegis/core';
import type { EdgeSink } from '../deadlock/edge-sink.ts';
import type { Doors } from '../door/doors.ts';
import type { CellKind } from './cell-kind.ts';
import type { ActorDefinition, Services } from './contract.ts';
import type { CrashReport } from './crash-report.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Announcement } from './effect.ts';
import type { Far } from './far.ts';
import type { Groups } from './groups.ts';
import type { Names } from './names.ts';
import type { Home, Process } from './process.ts';
import type { Message, Protocol } from './protocol.ts';
import type { AnyRef } from './ref.ts';
import type { Scheduler } from './scheduler.ts';
import type { Traces } from './traces.ts';

/** Of actors or of supervisors. */
export interface Definition {
  readonly kind: string;
  readonly type: string;
}

/** What the processes of one node share. The system provides it. */
export interface Kernel {
  readonly node: string;
  readonly services: Services;
  /** With timers that belong to no trace, for what runs code of users. */
  readonly clock: Clock;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly deadlines: Deadlines;
  readonly names: Names;
  readonly groups: Groups;
  readonly deadLetters: DeadLetters;
  readonly waits: EdgeSink;
  readonly traces: Traces;
  readonly doors: Doors;
  /** Undefined on a node without a cluster. */
  readonly far: Far | undefined;
  /** Whether counters of cost and flight recorders are kept. */
  readonly watch: boolean;
  kindOf<P extends Protocol>(definition: ActorDefinition<P>): CellKind;
  /**
   * @param startable A definition of actors or of supervisors.
   * @param place Where in the cluster it runs. Default: here.
   * @throws ClusterUnavailableError for a place where there is no cluster.
   */
  makeProcess(home: Home, id: string, startable: Definition, input: unknown, place?: ChildPlace): Process;
  /** The process of this node behind a ref, an address of it or a registered name; undefined when there is none. */
  resolve(target: AnyRef | string): Process | undefined;
  /** To a process, or to whoever holds the name; a message that cannot be delivered becomes a dead letter. */
  deliver(target: Process | string, message: Message): void;
  announce(event: Announcement): void;
  reportCrash(report: CrashReport): void;
  /** One ask of a cycle was given up, with this error. */
  readonly deadlockResolved: (error: JaegisError) => void;
  /** A child is about to be started again, for this reason. */
  reportRestart(address: string, reason: ExitReason): void;
  /** A child of a supervisor ended and it was no crash of an actor: it did not start, or was killed. */
  reportEnd(address: string, what: string, reason: ExitReason): void;
}
