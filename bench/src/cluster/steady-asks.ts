/**
 * A steady stream of asks, one in flight for each of its lines, and what it says about a fault: when each line was
 * answered by another node, and how long the longest ask took. Each ask is repeated with its key until it is answered, and
 * the totals that come back must count each of them once: what is lost or done twice shows.
 */
import { JaegisError } from 'jaegis';
import type { Answer } from './app.ts';
import { monotonicMs } from './monotonic.ts';

export interface Line {
  readonly name: string;
  /** `key` is the same for all attempts of one ask. */
  readonly ask: (key: string) => Promise<Answer>;
  /** Whether each ask adds 1 to the total. */
  readonly isCounted: boolean;
}

/** One ask with its answer. */
export interface Answered {
  readonly line: string;
  readonly node: string;
  readonly beganMs: number;
  readonly endedMs: number;
}

interface State {
  readonly line: Line;
  total: number | undefined;
  asked: number;
  last: Answered | undefined;
}

/** Between an answer and the next ask, and before an ask that failed is repeated, in ms. */
const PAUSE_MS = 20;
const REPEAT_MS = 20;
/** What has not come by then will not come. */
const PATIENCE_MS = 60_000;

export class SteadyAsks {
  /** By code. */
  readonly #failures = new Map<string, number>();
  readonly #states: readonly State[];
  readonly #listeners = new Set<(answered: Answered) => void>();
  readonly #wrong: string[] = [];
  #stopped = false;

  constructor(lines: readonly Line[]) {
    this.#states = lines.map((line) => ({ line, total: undefined, asked: 0, last: undefined }));
  }

  start(): void {
    for (const state of this.#states) void this.#run(state);
  }

  /** No further ask is made. */
  stop(): void {
    this.#stopped = true;
  }

  /** The lines that this node answered last. */
  of(node: string): string[] {
    return this.#states.filter(({ last }) => last?.node === node).map(({ line }) => line.name);
  }

  /** Attempts that failed so far. */
  get failed(): number {
    return [...this.#failures.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Which those were, for people. */
  get told(): string {
    return [...this.#failures].map(([code, count]) => `${count} × ${code}`).join(', ') || 'none failed';
  }

  /** @throws Error that says what was lost or done twice. */
  assertRight(): void {
    if (this.#wrong.length > 0) throw new Error(`Answers were wrong: ${this.#wrong.slice(0, 5).join('; ')}`);
  }

  /** When each of these lines had its first answer from now on that is not by one of these nodes. */
  async firstAnswers(lines: readonly string[], ...notBy: readonly string[]): Promise<number[]> {
    const first = new Map<string, number>();
    const not = notBy.length === 0 ? '' : ` not by ${notBy.join(', ')}`;
    await this.#until(`an answer of ${lines.join(', ')}${not}`, ({ line, node, endedMs }) => {
      if (!notBy.includes(node) && lines.includes(line) && !first.has(line)) first.set(line, endedMs);
      return lines.every((each) => first.has(each));
    });
    return [...first.values()];
  }

  get lines(): string[] {
    return this.#states.map(({ line }) => line.name);
  }

  /** The longest ask of each of these lines from now on, those under way included, until one that began after `until`. */
  async longest(lines: readonly string[], until: Promise<unknown>): Promise<number[]> {
    const longest = new Map<string, number>();
    const rest = new Set(lines);
    let overMs = Number.POSITIVE_INFINITY;
    const over = until.then(() => {
      overMs = monotonicMs();
    });
    const answered = this.#until('an answer of each', ({ line, beganMs, endedMs }) => {
      if (rest.has(line)) longest.set(line, Math.max(longest.get(line) ?? 0, endedMs - beganMs));
      if (beganMs > overMs) rest.delete(line);
      return rest.size === 0;
    });
    await Promise.all([over, answered]);
    return [...longest.values()];
  }

  /** Resolves when each line was answered to an ask that began after this call, and so often. */
  async roundTrips(count = 1): Promise<void> {
    const nowMs = monotonicMs();
    const left = new Map(this.#states.map(({ line }) => [line.name, count]));
    await this.#until('an answer of each line', ({ line, beganMs }) => {
      if (beganMs > nowMs) left.set(line, (left.get(line) ?? 0) - 1);
      return [...left.values()].every((more) => more <= 0);
    });
  }

  async #run(state: State): Promise<void> {
    while (!this.#stopped) {
      const beganMs = monotonicMs();
      const answer = await this.#one(state);
      if (answer === undefined) return;
      const { node } = answer;
      const answered = { line: state.line.name, node, beganMs, endedMs: monotonicMs() };
      state.last = answered;
      for (const listener of this.#listeners) listener(answered);
      await pause(PAUSE_MS);
    }
  }

  /** Undefined when it has failed and shall not be repeated. */
  async #one(state: State): Promise<Answer | undefined> {
    const { line } = state;
    const key = `${line.name}-${++state.asked}`;
    for (;;) {
      try {
        const answer = await line.ask(key);
        this.#check(state, answer);
        return answer;
      } catch (error) {
        if (this.#stopped) return undefined;
        if (!(error instanceof JaegisError)) throw error;
        this.#failures.set(error.code, (this.#failures.get(error.code) ?? 0) + 1);
        await pause(REPEAT_MS);
      }
    }
  }

  #check(state: State, answer: Answer): void {
    const { line, total } = state;
    if (!line.isCounted) return;
    state.total = answer.total;
    if (total === undefined || answer.total === total + 1) return;
    this.#wrong.push(`${line.name} answered ${answer.total} on ${answer.node} after ${total}`);
  }

  #until(what: string, isOver: (answered: Answered) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(late);
        this.#listeners.delete(listener);
        settle();
      };
      const listener = (answered: Answered) => void (isOver(answered) && end(resolve));
      const late = setTimeout(() => {
        end(() => reject(new Error(`${what} did not come in ${PATIENCE_MS} ms (${this.told}).`)));
      }, PATIENCE_MS);
      this.#listeners.add(listener);
    });
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
