/** Random machines for the test of quick steps: the same seed draws the same machine, which writes what it does. */
import { SeededRandom } from '@jaegis/sim';
import {
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  cancel,
  createMachine,
  type EventObject,
  emit,
  enqueueActions,
  fromCallback,
  log,
  raise,
  sendTo,
  stopChild,
} from 'xstate';

export const eventTypes = ['e0', 'e1', 'e2', 'e3', 'group.one', 'unheard'];

/** Few, so that a machine that raises events for ever fails at once, as it must. */
const maxIterations = 40;

/** The names of actions are drawn, so that the compiler knows neither them nor what they take. */
type Draft = Record<string, unknown>;
interface Args {
  readonly context: { readonly n: number };
  readonly event: EventObject;
}

class Draw {
  readonly #random: SeededRandom;
  readonly #trace: unknown[];
  /** Half of the machines have no part that XState must decide about. */
  readonly #isDaring: boolean;
  readonly #ids: string[] = [];
  /** Events that it may still send to itself: without a limit it could go on for ever. */
  #sends = 10;

  constructor(seed: string, trace: unknown[]) {
    this.#random = new SeededRandom(seed);
    this.#trace = trace;
    this.#isDaring = this.#chance(0.5);
  }

  machine(): AnyStateMachine {
    const root: Draft = { ...this.#state(3, 'm'), context: { n: 1 }, options: { maxIterations } };
    this.#connect(root);
    const write = (...what: unknown[]) => this.#trace.push(what);
    const kid = fromCallback(({ receive }) => {
      write('kid begins');
      receive((event) => write('kid hears', event));
      return () => write('kid ends');
    });
    const actions = {
      named: ({ event }: Args, params: unknown) => write('named', event.type, params),
      bare: ({ context, event }: Args, params: unknown) => write('bare', event.type, context.n, params),
    };
    // Its config is drawn: the compiler cannot know it.
    return createMachine(root as never, { actors: { kid }, actions, delays: { later: 30 } } as never);
  }

  #below = (limit: number) => Math.floor(this.#random.next() * limit);
  #chance = (part: number) => this.#random.next() < part;
  #dares = (part: number) => this.#isDaring && this.#chance(part);

  #state(depth: number, id: string): Draft {
    this.#ids.push(id);
    if (depth < 3 && this.#dares(0.05)) return { id, type: 'final' };
    const inner = this.#inner(depth, id);
    return {
      id,
      tags: [`tag.${id}`],
      entry: this.#actions(`entry ${id}`),
      exit: this.#actions(`exit ${id}`),
      ...inner,
      ...('states' in inner && this.#dares(0.2) ? { onDone: { actions: this.#actions(`done ${id}`) } } : {}),
      ...(this.#dares(0.1) ? { invoke: { src: 'kid', id: `work.${id}` } } : {}),
      ...(this.#chance(0.1) ? { after: { 20: { actions: this.#actions(`after ${id}`) } } } : {}),
      ...(this.#dares(0.02) ? { always: { guard: ({ context }: Args) => context.n > 50, actions: tame } } : {}),
    };
  }

  #inner(depth: number, id: string): Draft {
    const width = depth === 0 || this.#chance(0.3) ? 0 : 1 + this.#below(3);
    if (width === 0) return {};
    const names = Array.from({ length: width }, (_, index) => `${id}_${index}`);
    const states: Draft = Object.fromEntries(names.map((name) => [name, this.#state(depth - 1, name)]));
    if (this.#dares(0.2)) {
      states[`${id}_h`] = { id: `${id}_h`, type: 'history', history: this.#chance(0.5) ? 'deep' : 'shallow' };
      this.#ids.push(`${id}_h`);
    }
    if (width > 1 && this.#chance(this.#isDaring ? 0.2 : 0.05)) return { states, type: 'parallel' };
    const first = names[this.#below(width)];
    const initial = this.#dares(0.1) ? { target: first, actions: this.#actions(`initial of ${id}`) } : first;
    return { states, initial };
  }

  #connect(state: Draft): void {
    if (state.type === 'final' || state.type === 'history') return;
    const on: Draft = {};
    for (const type of [...eventTypes, 'group.*', '*']) {
      if (type === 'unheard' || !this.#chance(type === '*' ? 0.1 : 0.5)) continue;
      const count = 1 + this.#below(2);
      on[type] = Array.from({ length: count }, (_, index) => this.#transition(`on ${type}.${index} of ${state.id}`));
    }
    state.on = on;
    for (const inner of Object.values((state.states ?? {}) as Record<string, Draft>)) this.#connect(inner);
  }

  #transition(name: string): Draft {
    const limit = this.#below(5);
    const guard = ({ context, event }: Args) => {
      this.#trace.push(['asked', name, event.type]);
      return context.n % 5 <= limit;
    };
    return {
      ...(this.#chance(0.8) ? { target: `#${this.#ids[this.#below(this.#ids.length)]}` } : {}),
      ...(this.#chance(0.4) ? { guard } : {}),
      ...(this.#dares(0.1) ? { reenter: true } : {}),
      actions: this.#actions(name),
    };
  }

  #actions(name: string): unknown[] {
    return Array.from({ length: this.#below(3) }, (_, index) => {
      const kinds = this.#dares(0.05) ? this.#rare(`${name}.${index}`) : this.#usual(`${name}.${index}`);
      return kinds[this.#below(kinds.length)];
    });
  }

  #usual(name: string): unknown[] {
    const write = ({ context, event }: Args, params: unknown) => {
      this.#trace.push([name, JSON.stringify(context), event.type, params]);
    };
    return [
      write,
      assign({ n: ({ context }: Args) => context.n + 1, last: name } as never), // as below: no machine is known here
      assign((({ context, event }: Args) => ({ n: (context.n * 2) % 97, by: event.type })) as never),
      emit((({ context }: Args) => ({ type: 'told', name, n: context.n })) as never),
      { type: 'named', params: ({ context, event }: Args) => [name, context.n, event.type] },
      { type: 'bare', params: name },
      'bare',
      'nowhere',
      ({ self }: { self: AnyActorRef }) => {
        if (this.#sends-- > 0) self.send({ type: 'e3' });
      },
      raise({ type: 'e0' }, { delay: 10 + this.#below(50), id: `delay.${this.#below(3)}` }),
      raise({ type: 'e2' }, { delay: 'later' as never }),
      cancel(`delay.${this.#below(3)}`),
      log(name),
    ];
  }

  #rare(name: string): unknown[] {
    return [
      raise({ type: 'e1' }),
      raise({ type: 'e1' }, { delay: (({ context }: Args) => 10 + context.n) as never, id: name }),
      enqueueActions(((args: Args & { enqueue: { assign(update: object): void } }) => {
        if (args.context.n % 2 === 0) args.enqueue.assign({ n: args.context.n + 7 });
      }) as never),
      assign({
        kid: ({ spawn }: { spawn: (src: string, options: object) => object }) => spawn('kid', { id: 'kid' }),
      } as never),
      sendTo('kid', { type: name }),
      stopChild('kid'),
      ({ context }: Args) => {
        if (context.n % 11 === 0) throw new Error(name);
      },
    ];
  }
}

const tame = assign({ n: () => 1 } as never); // as above

/** Draws a machine. What it does is written into `trace`. */
export function drawMachine(seed: string, trace: unknown[]): AnyStateMachine {
  return new Draw(seed, trace).machine();
}
