/** Keeps the state of policies over the end of their process: that a breaker is open, and what has been learned. */
import { type Clock, CorruptRecordError, type Logger, type Shelf, sleep, type Timer } from '@jaegis/core';

/** A policy as it is kept; what createPolicy makes is one. */
export interface KeptPolicy {
  readonly name: string;
  /** What of it is worth keeping, as plain data. */
  export(): unknown;
  /** @throws Error where it is not what `export` gave. */
  import(state: unknown, agoMs: number): void;
  /** @returns Takes the listener back. */
  onEvent(listener: (event: { readonly type: string }) => void): () => void;
}

/** What was kept of a policy was not used: it begins anew. */
export interface Dropped {
  readonly policy: string;
  /** `stale`: it is too old. `unreadable`: it is not what was written. `unreachable`: the shelf could not be asked. */
  readonly why: 'stale' | 'unreadable' | 'unreachable';
  readonly error: unknown;
}

export interface PolicyKeeperOptions {
  /** Each of another name. */
  readonly policies: readonly KeptPolicy[];
  readonly shelf: Shelf;
  /** How long a process was away it tells by the wall clock. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often is written what changes with every call, such as what is learned, in ms. Default 60,000. */
  readonly everyMs?: number | undefined;
  /** What is older is not used, in ms. Default seven days. */
  readonly staleMs?: number | undefined;
}

const DAY_MS = 86_400_000;
/** A policy is written at most so often, in ms: an outage may open the breakers of many tenants, one after the other. */
const GAP_MS = 1_000;
/** After a write that failed, in ms. */
const RETRY_MS = 10_000;
/** How long the last writes may take, in ms. */
const LAST_MS = 2_000;
/** What a breaker says when it enters a state that must not be lost. Half-open it is open again, with no wait left. */
const changes: ReadonlySet<string> = new Set(['opened', 'closed', 'disabled']);

/** What lies on the shelf. */
interface Kept {
  readonly version: 1;
  /** When it was written, in ms since 1970. */
  readonly atMs: number;
  readonly state: unknown;
}

interface Entry {
  readonly policy: KeptPolicy;
  /** Where on the shelf. */
  readonly key: string;
  /** It is to be written. */
  isDue: boolean;
  /** What is on the shelf, without what changes as time passes; undefined where that is of no use. */
  written: string | undefined;
  /** Until all is written that is due. */
  writing: Promise<void> | undefined;
}

/**
 * Writes a policy when a breaker of it opens, closes, or is forced or disabled, and what it has learned once a minute
 * where that has changed. A call never waits for it. Whatever is wrong with what was kept, the policies work.
 */
export class PolicyKeeper implements AsyncDisposable {
  readonly #options: PolicyKeeperOptions;
  readonly #entries: Entry[];
  readonly #over = new AbortController();
  #stops: (() => void)[] = [];
  #timer: Timer | undefined;
  /** Since it has started. */
  #drop: ((dropped: Dropped) => void) | undefined;

  constructor(options: PolicyKeeperOptions) {
    this.#options = options;
    this.#entries = options.policies.map((policy) => entryOf(policy, policy.name));
  }

  /**
   * Has the policies go on from what was kept of them. From then on they are kept.
   * @param onDropped Told of what is not used, which is logged too.
   */
  async start(onDropped: (dropped: Dropped) => void = () => {}): Promise<void> {
    this.#drop = (dropped: Dropped) => {
      this.#options.logger.warn('what was kept of a policy is not used', { ...dropped });
      onDropped(dropped);
    };
    await Promise.all(this.#entries.map((entry) => this.#begin(entry)));
    if (!this.#over.signal.aborted) this.#tick();
  }

  /**
   * Has one more policy go on from what was kept of it, as soon as that is read, and keeps it. One that is kept already
   * stays as it is.
   *
   * @param key What it is called on the shelf. Default: its name.
   */
  add(policy: KeptPolicy, key = policy.name): void {
    if (this.#over.signal.aborted || this.#entries.some((entry) => entry.policy === policy)) return;
    const entry = entryOf(policy, key);
    this.#entries.push(entry);
    if (this.#drop !== undefined) void this.#begin(entry);
  }

  /** Writes what has changed, for two seconds at most; then nothing more is kept. */
  async stop(): Promise<void> {
    const { clock } = this.#options;
    for (const stop of this.#stops.splice(0)) stop();
    clock.clearTimer(this.#timer);
    this.#over.abort();
    const done = new AbortController();
    const last = this.#entries.map((entry) => this.#writeLast(entry));
    await Promise.race([Promise.all(last), sleep(clock, LAST_MS, done.signal)]);
    done.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #begin(entry: Entry): Promise<void> {
    const fresh = this.#lasting(entry);
    const outcome = await this.#resume(entry);
    // A policy that goes on as it would without is not written before something happens to it.
    if (outcome !== 'dropped') entry.written = outcome === 'resumed' ? this.#lasting(entry) : fresh;
    if (this.#over.signal.aborted) return;
    const stop = entry.policy.onEvent(({ type }) => {
      if (changes.has(type)) this.#due(entry);
    });
    this.#stops.push(stop);
    // What was dropped, or has changed meanwhile.
    if (this.#hasChanged(entry)) this.#due(entry);
  }

  async #resume({ policy, key }: Entry): Promise<'resumed' | 'unknown' | 'dropped'> {
    const { shelf, clock, staleMs = 7 * DAY_MS } = this.#options;
    const drop = (dropped: Omit<Dropped, 'policy'>) => this.#drop?.({ policy: policy.name, ...dropped });
    const data = await shelf.read(key).catch((error: unknown) => {
      drop({ why: 'unreachable', error });
      return undefined;
    });
    if (data === undefined) return 'unknown';
    try {
      const { atMs, state } = decode(data);
      // A clock that was set back since then says nothing: then none of the wait is over.
      const agoMs = Math.max(0, clock.now() - atMs);
      if (agoMs <= staleMs) {
        policy.import(state, agoMs);
        return 'resumed';
      }
      drop({ why: 'stale', error: undefined });
    } catch (error) {
      drop({ why: 'unreadable', error });
    }
    return 'dropped';
  }

  #tick(): void {
    const { clock, everyMs = 60_000 } = this.#options;
    this.#timer = clock.setTimer(everyMs, () => {
      for (const entry of this.#entries) if (this.#hasChanged(entry)) this.#due(entry);
      this.#tick();
    });
  }

  #due(entry: Entry): void {
    entry.isDue = true;
    entry.writing ??= this.#writeAll(entry);
  }

  async #writeAll(entry: Entry): Promise<void> {
    // What the breaker does on at once is part of it.
    await undefined;
    while (entry.isDue && !this.#over.signal.aborted) {
      const isWritten = await this.#write(entry);
      await sleep(this.#options.clock, isWritten ? GAP_MS : RETRY_MS, this.#over.signal);
    }
    // At once: what is due a moment later would wait for the next look otherwise.
    entry.writing = undefined;
  }

  #hasChanged(entry: Entry): boolean {
    return this.#lasting(entry) !== entry.written;
  }

  /** As it is now. Where a part of somebody else's cannot say that, it is as it was. */
  #lasting({ policy, written }: Entry): string | undefined {
    try {
      return lasting(policy.export());
    } catch (error) {
      this.#notKept(policy, error);
      return written;
    }
  }

  async #writeLast(entry: Entry): Promise<void> {
    await entry.writing;
    if (entry.isDue || this.#hasChanged(entry)) await this.#write(entry);
  }

  async #write(entry: Entry): Promise<boolean> {
    const { shelf, clock } = this.#options;
    const { policy, key } = entry;
    entry.isDue = false;
    try {
      const state = policy.export();
      const kept: Kept = { version: 1, atMs: clock.now(), state };
      await shelf.write(key, new TextEncoder().encode(JSON.stringify(kept)));
      entry.written = lasting(state);
      return true;
    } catch (error) {
      entry.isDue = true;
      this.#notKept(policy, error);
      return false;
    }
  }

  #notKept({ name }: KeptPolicy, error: unknown): void {
    this.#options.logger.warn('the state of a policy is not kept', { policy: name, error });
  }
}

function entryOf(policy: KeptPolicy, key: string): Entry {
  return { policy, key, isDue: false, written: undefined, writing: undefined };
}

/** Without what is another one a moment later. */
function lasting(state: unknown): string {
  return JSON.stringify(state, (key, value) => (key === 'window' || key === 'waitMs' ? undefined : value));
}

function decode(data: Uint8Array): Kept {
  const kept: unknown = JSON.parse(new TextDecoder().decode(data));
  const { version, atMs, state } = Object(kept) as Partial<Kept>; // seen through here
  if (version === 1 && typeof atMs === 'number' && Number.isFinite(atMs)) return { version, atMs, state };
  throw new CorruptRecordError('What was kept of a policy is of another form.', { data: { version } });
}
