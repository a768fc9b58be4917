/**
 * Whether a history that clients have recorded could be that of one object which does one operation at a time: the
 * search of Wing and Gong with Lowe's memory of where it has been ("Testing for linearizability", 2017), as in Porcupine.
 */

/** What the object does, as a function: the state is compared by its value. */
export interface Model<State extends string | number, Input, Output> {
  readonly initial: State;
  step(state: State, input: Input): { readonly state: State; readonly output: Output };
}

/** Times are any that order the events of all clients, as one count. */
export interface Operation<Input, Output> {
  readonly input: Input;
  readonly calledAt: number;
  /** Undefined: it was never answered; it may have taken effect at any time since, or never. */
  readonly answer: { readonly output: Output; readonly at: number } | undefined;
}

/** How far an order was found, and what no order explains. */
export type Verdict<Input, Output> =
  | { readonly isLinearizable: true }
  | { readonly isLinearizable: false; readonly explained: number; readonly stuckAt: Operation<Input, Output> };

/** A call or an answer, in a list of all by time. */
interface Event {
  readonly operation: number;
  /** Of a call: the event of its answer. */
  readonly answer: Event | undefined;
  before: Event | undefined;
  after: Event | undefined;
}

export function checkLinearizable<State extends string | number, Input, Output extends string | number | boolean>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Verdict<Input, Output> {
  const head = eventsOf(operations);
  const taken: { readonly event: Event; readonly before: State }[] = [];
  const done = new Done(operations.length);
  const visited = new Visited<State>();
  let deepest = 0;
  let stuckAt = 0;
  let state = model.initial;
  for (let event = head.after; event !== undefined && head.after !== undefined; ) {
    if (event.answer !== undefined) {
      const { input, answer } = at(operations, event.operation);
      const next = model.step(state, input);
      const isPossible = answer === undefined || answer.output === next.output;
      if (isPossible && visited.isNew(done.with(event.operation), next.state)) {
        taken.push({ event, before: state });
        done.add(event.operation);
        state = next.state;
        lift(event);
        event = head.after;
      } else event = event.after;
      continue;
    }
    // An operation has ended that no order puts before its end: the last choice was wrong.
    if (taken.length >= deepest) [deepest, stuckAt] = [taken.length, event.operation];
    const last = taken.pop();
    if (last === undefined) return { isLinearizable: false, explained: deepest, stuckAt: at(operations, stuckAt) };
    done.remove(last.event.operation);
    state = last.before;
    restore(last.event);
    event = last.event.after;
  }
  return { isLinearizable: true };
}

/** What was done, and a hash of it that is kept up at every change. */
class Done {
  readonly #bits: Uint32Array;
  #hash = 0;

  constructor(count: number) {
    this.#bits = new Uint32Array(Math.ceil(count / 32));
  }

  add(operation: number): void {
    this.#flip(operation);
  }

  remove(operation: number): void {
    this.#flip(operation);
  }

  with(operation: number): { readonly hash: number; readonly bits: Uint32Array } {
    const bits = this.#bits.slice();
    flip(bits, operation);
    return { hash: this.#hash ^ scattered(operation), bits };
  }

  #flip(operation: number): void {
    flip(this.#bits, operation);
    this.#hash ^= scattered(operation);
  }
}

/** Where the search has been: what was done, and the state after it. */
class Visited<State extends string | number> {
  readonly #places = new Map<string, Uint32Array[]>();

  isNew({ hash, bits }: { readonly hash: number; readonly bits: Uint32Array }, state: State): boolean {
    const key = `${hash}/${state}`;
    const known = this.#places.get(key);
    if (known === undefined) this.#places.set(key, [bits]);
    else if (known.some((other) => other.every((word, index) => word === bits[index]))) return false;
    else known.push(bits);
    return true;
  }
}

function flip(bits: Uint32Array, operation: number): void {
  const word = operation >>> 5;
  bits[word] = (bits[word] ?? 0) ^ (1 << (operation & 31));
}

/** The finalizer of MurmurHash3. */
function scattered(value: number): number {
  let hash = value + 0x9e3779b9;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The list of all events by time, behind a head of its own. What was not answered ends after all else. */
function eventsOf(operations: readonly Operation<unknown, unknown>[]): Event {
  const head: Event = { operation: -1, answer: undefined, before: undefined, after: undefined };
  const events = operations.flatMap(({ calledAt, answer }, operation) => {
    const end: Event = { operation, answer: undefined, before: undefined, after: undefined };
    const call: Event = { operation, answer: end, before: undefined, after: undefined };
    return [
      { at: calledAt, event: call },
      { at: answer?.at ?? Number.POSITIVE_INFINITY, event: end },
    ];
  });
  // Where the times are equal a call comes first: then more orders are possible, never fewer.
  const order = (a: { at: number; event: Event }, b: { at: number; event: Event }) =>
    a.at === b.at ? Number(a.event.answer === undefined) - Number(b.event.answer === undefined) : a.at - b.at;
  let last = head;
  for (const { event } of events.sort(order)) {
    last.after = event;
    event.before = last;
    last = event;
  }
  return head;
}

function lift(call: Event): void {
  for (const event of [call, call.answer]) {
    if (event?.before) event.before.after = event.after;
    if (event?.after) event.after.before = event.before;
  }
}

function restore(call: Event): void {
  for (const event of [call.answer, call]) {
    if (event?.before) event.before.after = event;
    if (event?.after) event.after.before = event;
  }
}

function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index];
  if (item === undefined) throw new Error(`There is no operation ${index}.`);
  return item;
}
