/**
 * One run: faults for a while (safety), then none (liveness). What must never happen is looked at with each record,
 * message and answer; what must happen in the end, after the faults.
 */
import { crc32, hash32 } from '@jaegis/core';
import { createSimWorld, SeededRandom, type Sighting, type SimWorld, type Written } from '@jaegis/sim';
import { nextTurn } from '../support/next-turn.ts';
import type { Bug } from './bugs.ts';
import { Chronicle } from './chronicle.ts';
import { Fire } from './faults.ts';
import { Agreement } from './invariants/agreement.ts';
import { Books } from './invariants/books.ts';
import { type Checker, Violation } from './invariants/checker.ts';
import { Innocents } from './invariants/innocents.ts';
import { Leaders } from './invariants/leaders.ts';
import { Promises } from './invariants/promises.ts';
import { Incarnations, Views } from './invariants/views.ts';
import { Chance, describeFault, type Fault, type Plan, seconds } from './plan.ts';
import { type Life, Stage } from './stage.ts';
import { runSession } from './workload.ts';

export interface Outcome {
  readonly plan: Plan;
  readonly violation: { readonly invariant: string; readonly what: string; readonly atMs: number } | undefined;
  readonly chronicle: Chronicle;
  /** Of all that was said and written, and when: the same seed gives the same one. */
  readonly digest: number;
  readonly operations: number;
  readonly messages: number;
  /** How long it took from the end of the faults until all was well. */
  readonly healedMs: number;
}

/** After the faults all must be well within so long. */
const HEALED_WITHIN_MS = 60_000;
const START_WITHIN_MS = 30_000;
const LOOK_MS = 100;
const SESSIONS = 2;

export async function run(plan: Plan, bug?: Bug): Promise<Outcome> {
  const made = new Run(plan, bug);
  await made.run();
  return made.outcome;
}

class Run {
  readonly #plan: Plan;
  readonly #world: SimWorld;
  readonly #stage: Stage;
  readonly #fire: Fire;
  readonly #chronicle: Chronicle;
  readonly #books = new Books();
  readonly #checkers: readonly Checker[];
  /** As they are told, by epoch. */
  readonly #views = new Map<number, string>();
  #violation: Outcome['violation'];
  #upAtMs = 0;
  #digest = 0;
  #messages = 0;
  #operations = 0;
  #open = 0;
  #healedMs = 0;
  #isOver = false;

  constructor(plan: Plan, bug: Bug | undefined) {
    this.#plan = plan;
    this.#world = createSimWorld({ seed: plan.seed, reorders: true, settled: nextTurn });
    this.#chronicle = new Chronicle(() => this.#nowMs);
    this.#checkers = [
      this.#books,
      new Promises(this.#books),
      new Views(),
      new Incarnations(),
      new Leaders(),
      new Agreement(() => this.#nowMs),
      new Innocents(plan.members, () => this.#nowMs),
    ];
    this.#stage = new Stage({
      world: this.#world,
      chronicle: this.#chronicle,
      onView: (life, view) => this.#onView(life, view),
      onFailure: (life, error) => this.#fail(new Violation('no node gives up', `${life.name} gave up: ${error}`)),
      disturb: bug,
    });
    this.#fire = new Fire({ stage: this.#stage, faults: plan.faults, onChange: (...args) => this.#onFault(...args) });
    this.#world.storage.watch((written) => this.#onWritten(written));
    this.#world.network.watch((sighting) => this.#onSighted(sighting));
  }

  get outcome(): Outcome {
    return {
      plan: this.#plan,
      violation: this.#violation,
      chronicle: this.#chronicle,
      digest: this.#digest,
      operations: this.#operations,
      messages: this.#messages,
      healedMs: this.#healedMs,
    };
  }

  async run(): Promise<void> {
    const { members, clients, safetyMs } = this.#plan;
    for (const name of members) this.#stage.start(name);
    for (const name of clients) this.#stage.start(name, 'client');
    await this.#pass(START_WITHIN_MS, () => this.#unhealthy(), 'the cluster starts');
    this.#upAtMs = this.#world.clock.monotonic();
    for (const name of clients) this.#work(name);
    this.#fire.begin();
    await this.#pass(safetyMs, () => []);
    this.#isOver = true;
    this.#fire.end();
    for (const name of members) this.#stage.start(name);
    await this.#pass(HEALED_WITHIN_MS, () => this.#unhealthy(), 'all is well after the faults');
    this.#healedMs = this.#nowMs - safetyMs;
    this.#stage.end();
  }

  get #nowMs(): number {
    return this.#world.clock.monotonic() - this.#upAtMs;
  }

  /** Lets time pass; with a goal, until nothing is missing for it. */
  async #pass(ms: number, missing: () => string[], goal?: string): Promise<void> {
    const { clock } = this.#world;
    const endsMs = clock.monotonic() + ms;
    let left = [''];
    for (let isFirst = true; this.#violation === undefined && clock.monotonic() < endsMs; isFirst = false) {
      if (!isFirst || goal === undefined) left = this.#judge(missing);
      if (goal !== undefined && left.length === 0) return;
      let isLookDue = false;
      clock.setTimer(LOOK_MS, () => {
        isLookDue = true;
      });
      await clock.runUntil(() => isLookDue || this.#violation !== undefined);
    }
    if (goal !== undefined) this.#fail(new Violation(goal, `after ${seconds(ms)}: ${left.join('; ')}`));
  }

  #judge(missing: () => string[]): string[] {
    try {
      return missing();
    } catch (error) {
      this.#fail(error);
      return [];
    }
  }

  /** What is not as it must be when nothing breaks. */
  #unhealthy(): string[] {
    const { members, clients } = this.#plan;
    const lives = [...this.#stage.lives.values()];
    const asleep = [...members, ...clients].filter((name) => !lives.some((life) => life.name === name && life.isUp));
    const wanted = lives
      .filter(({ role }) => role === 'member')
      .map(({ name, node }) => `${name}/${node.membership.self.incarnation}`)
      .sort();
    const astray = lives.filter(({ node }) => {
      const { members: seen } = node.membership.view;
      return (
        seen.length !== wanted.length || seen.some((member, at) => `${member.id}/${member.incarnation}` !== wanted[at])
      );
    });
    return [
      ...asleep.map((name) => `${name} is not up`),
      ...astray.map(
        ({ name, node }) =>
          `${name} sees epoch ${node.membership.view.epoch}: ${node.membership.view.members.map(({ id }) => id)}`,
      ),
      ...(this.#open > 0 ? [`${this.#open} operations are not answered`] : []),
      ...this.#checkers.flatMap((checker) => checker.missing?.() ?? []),
    ];
  }

  #work(client: string): void {
    const life = this.#stage.lives.get(client);
    const [clock] = this.#world.network.clocksOf(client);
    if (life === undefined || clock === undefined) return;
    for (let index = 1; index <= SESSIONS; index++) {
      const name = `${client}${'ab'.charAt(index - 1)}`;
      void runSession({
        name,
        node: life.node,
        clock,
        chance: new Chance(new SeededRandom(`${this.#plan.seed}/${name}`)),
        isOver: () => this.#isOver,
        onCall: (operation) => {
          this.#open += 1;
          this.#operations += 1;
          this.#tell((checker) => checker.called?.(operation));
        },
        onAnswer: (operation, reply) => {
          this.#open -= 1;
          this.#tell((checker) => checker.answered?.(operation, reply));
        },
        onRefusal: ({ id, kind, entity }, code) =>
          this.#chronicle.add('asks', [client], `${kind} ${id} of ${entity}: ${code}`),
        onError: ({ id, kind }, error) =>
          this.#fail(new Violation('errors are those of the catalogue', `${kind} ${id}: ${error}`)),
      });
    }
  }

  #onView({ name, number, node }: Life, view: Life['node']['membership']['view']): void {
    const { incarnation } = node.membership.self;
    const text = `epoch ${view.epoch}: ${view.members.map(({ id }) => id).join(' ')}`;
    // Kept once: in large clusters it is long, and all nodes say it.
    if (this.#views.get(view.epoch) !== text) this.#views.set(view.epoch, text);
    this.#chronicle.add('view', [name], this.#views.get(view.epoch) ?? text);
    this.#tell((checker) => checker.viewed?.({ name, number, incarnation }, view));
  }

  #onFault(fault: Fault, isOver: boolean): void {
    const nodes = 'node' in fault ? [fault.node] : 'nodes' in fault ? fault.nodes : 'from' in fault ? fault.from : [];
    this.#chronicle.add(isOver ? 'fault ends' : 'fault begins', nodes, describeFault(fault));
    this.#tell((checker) => checker.faulted?.(fault, isOver));
  }

  #onWritten(written: Written): void {
    const { subject, sequence, data } = written;
    this.#mix(`${subject} ${sequence} ${crc32(data)}`);
    this.#tell((checker) => checker.written?.(written));
  }

  #onSighted(sighting: Sighting): void {
    if (sighting.to !== undefined) {
      this.#messages += 1;
      this.#mix(`${sighting.from} ${sighting.to} ${sighting.subject} ${sighting.data.length}`);
    }
    this.#tell((checker) => checker.sighted?.(sighting));
  }

  #mix(text: string): void {
    this.#digest = hash32(`${this.#digest} ${this.#world.clock.monotonic()} ${text}`);
  }

  #tell(say: (checker: Checker) => void): void {
    for (const checker of this.#checkers) {
      try {
        say(checker);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  #fail(error: unknown): void {
    if (this.#violation !== undefined) return;
    const invariant = error instanceof Violation ? error.invariant : 'the judges do not fail';
    const what = error instanceof Violation ? error.message : String((error as Error).stack);
    this.#violation = { invariant, what, atMs: this.#nowMs };
    this.#chronicle.add('violation', [], `${invariant}: ${what}`);
  }
}
