/** What an examination of NATS finds, as plain data: what is there, and why what could not be looked at could not. */

/** How far another clock is from the one of this machine, in ms; `withinMs`: how far that may be wrong. */
export interface ClockReading {
  readonly aheadMs: number;
  readonly withinMs: number;
}

/** What a server says of itself to a client. */
export type ServerFacts = { readonly url: string } & (
  | { readonly answers: false; readonly error: Error }
  | {
      readonly answers: true;
      readonly name: string;
      readonly version: string;
      /** Of servers that belong together. */
      readonly cluster: string | undefined;
      /** How many servers it tells its clients of. */
      readonly knows: number;
      readonly jetStream: boolean;
      readonly maxPayload: number;
      /** The middle one of some. */
      readonly roundTripMs: number;
      /** Undefined where the user may not ask. */
      readonly clock: ClockReading | undefined;
    }
);

/** What the account uses and may use, in bytes and in numbers; -1: no limit of its own. */
export interface AccountFacts {
  readonly storage: number;
  readonly maxStorage: number;
  readonly memory: number;
  readonly maxMemory: number;
  readonly streams: number;
  readonly maxStreams: number;
  readonly consumers: number;
  readonly maxConsumers: number;
}

export interface ReplicaFacts {
  readonly server: string;
  /** Whether it has all that the leader has, as far as that is known there. */
  readonly current: boolean;
  readonly offline: boolean;
  /** Records that it lacks. */
  readonly lag: number;
}

export type StreamFacts = { readonly name: string } & (
  | { readonly found: 'no' }
  | { readonly found: 'unknown'; readonly error: Error }
  | {
      readonly found: 'yes';
      readonly storage: 'file' | 'memory';
      /** How many copies it should have. */
      readonly copies: number;
      /** Undefined while none is elected. */
      readonly leader: string | undefined;
      /** Besides the leader. */
      readonly replicas: readonly ReplicaFacts[];
      readonly records: number;
      readonly bytes: number;
      /** -1: no bound of its own. */
      readonly maxBytes: number;
      /** What is not as it must be: no node starts with it. */
      readonly differing: readonly string[];
      /** What the next node that starts would change, by name. */
      readonly changing: readonly string[];
      /** Of the server that leads it. */
      readonly clock: ClockReading | undefined;
    }
);

/** What the monitoring of a server says, which no client is told. */
export type MonitorFacts = { readonly url: string } & (
  | { readonly answers: false; readonly error: Error }
  | {
      readonly answers: true;
      readonly name: string;
      /** How long what is acknowledged may be on its way to the disk, in ms; 0: it is there. */
      readonly syncMs: number | undefined;
      readonly clock: ClockReading | undefined;
    }
);

export interface NatsFacts {
  readonly servers: readonly ServerFacts[];
  /** An error: it could not be asked. Undefined: no server answers. */
  readonly account: AccountFacts | Error | undefined;
  readonly streams: readonly StreamFacts[];
  /** All streams of the account whose subjects overlap those looked for; undefined where that may not be asked. */
  readonly overlapping: readonly string[] | undefined;
  /** Streams whose names begin as those looked for; undefined where that may not be asked. */
  readonly alike: readonly string[] | undefined;
  /** What was tried and not permitted; undefined: no server answers. */
  readonly refused: ReadonlySet<Trial> | undefined;
  readonly monitors: readonly MonitorFacts[];
}

/** Something to try, to see whether it is permitted. */
export interface Trial {
  readonly does: 'publish' | 'subscribe';
  readonly subject: string;
  readonly body?: string;
  /** Published so that no stream takes it in. */
  readonly isForNoStream?: boolean;
}
