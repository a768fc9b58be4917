/** Makes the faults of a plan happen. */
import { describeFault, everyStream, type Fault } from './plan.ts';
import type { Stage } from './stage.ts';

/** What ends it. */
export type Undo = () => void;

export interface Underway {
  readonly fault: Fault;
  end(): void;
}

export interface FireOptions {
  readonly stage: Stage;
  readonly faults: readonly Fault[];
  readonly onChange: (fault: Fault, isOver: boolean) => void;
}

/** Starts the faults at their times, until it is told that they are over. */
export class Fire {
  readonly #options: FireOptions;
  readonly #underway = new Set<Underway>();
  #isOver = false;

  constructor(options: FireOptions) {
    this.#options = options;
  }

  begin(): void {
    const { stage, faults } = this.#options;
    for (const fault of faults) stage.world.clock.setTimer(fault.atMs, () => this.#begin(fault));
  }

  /** All that lasts ends now, and nothing begins any more. */
  end(): void {
    this.#isOver = true;
    for (const underway of [...this.#underway]) underway.end();
  }

  #begin(fault: Fault): void {
    if (this.#isOver) return;
    const { stage, onChange } = this.#options;
    onChange(fault, false);
    const undo = begin(fault, stage);
    const underway = {
      fault,
      end: () => {
        if (!this.#underway.delete(underway)) return;
        undo();
        onChange(fault, true);
      },
    };
    this.#underway.add(underway);
    stage.world.clock.setTimer(fault.forMs, () => underway.end());
  }
}

function begin(fault: Fault, stage: Stage): Undo {
  const { network, storage } = stage.world;
  switch (fault.kind) {
    case 'crash':
      stage.crash(fault.node);
      return () => stage.start(fault.node);
    case 'blackout':
      return blackOut(stage);
    case 'restart':
      void stage.stop(fault.node);
      return () => {
        stage.crash(fault.node);
        stage.start(fault.node);
      };
    case 'hang':
      return network.freeze(fault.node, fault.unsent);
    case 'stall':
      return network.hang(fault.node);
    case 'disconnect':
      network.disconnect(fault.node);
      return () => network.reconnect(fault.node);
    case 'cut path':
      return network.cutPath(fault.node);
    case 'swallow':
      return swallow(fault, stage);
    case 'cut':
      return all(fault.from.flatMap((from) => fault.to.map((to) => network.cutOneWay(from, to))));
    case 'partition':
      return partition(fault.nodes, stage);
    case 'loss':
      return all(fault.nodes.map((node) => network.lose(node, fault.share)));
    case 'slow':
      return all(fault.nodes.map((node) => network.slow(node, { minMs: 0.1, maxMs: fault.maxMs })));
    case 'drift':
      return drift(fault.node, fault.rate, stage);
    case 'jump':
      return jump(fault.node, fault.byMs, stage);
    case 'election':
      return elect(fault.stream, fault.restarts, stage);
    case 'lost answers':
      storage.loseAnswers(fault.count);
      return () => {};
    default:
      throw new Error(`no such fault: ${describeFault(fault satisfies never)}`);
  }
}

function blackOut(stage: Stage): Undo {
  const dead = [...stage.lives.values()].filter(({ role }) => role === 'member').map(({ name }) => name);
  for (const name of dead) stage.crash(name);
  return () => {
    for (const name of dead) stage.start(name);
  };
}

function swallow({ node, way, breaks }: Fault & { readonly kind: 'swallow' }, { world: { network } }: Stage): Undo {
  const ways = way === 'both' ? (['up', 'down'] as const) : [way];
  const release = all(ways.map((one) => network.hold(node, one)));
  return () => {
    if (breaks) network.disconnect(node);
    release();
    if (breaks) network.reconnect(node);
  };
}

function partition(nodes: readonly string[], { lives, world: { network } }: Stage): Undo {
  const others = [...lives.keys()].filter((name) => !nodes.includes(name));
  const pairs = nodes.flatMap((a) => others.flatMap((b) => [[a, b] as const, [b, a] as const]));
  return all(pairs.map(([from, to]) => network.cutOneWay(from, to)));
}

function drift(node: string, rate: number, { world: { network } }: Stage): Undo {
  const clocks = network.clocksOf(node);
  for (const clock of clocks) clock.drift(rate);
  return () => {
    for (const clock of clocks) clock.drift(1);
  };
}

function jump(node: string, byMs: number, { world: { network } }: Stage): Undo {
  const clocks = network.clocksOf(node);
  for (const clock of clocks) clock.jump(byMs);
  return () => {
    for (const clock of clocks) clock.jump(-byMs);
  };
}

function elect(stream: string, restarts: boolean, { world: { storage } }: Stage): Undo {
  if (stream === everyStream) storage.isAvailable = false;
  else storage.depose(stream);
  return () => {
    if (restarts) storage.restart();
    if (stream === everyStream) storage.isAvailable = true;
    else storage.elect(stream);
  };
}

function all(undos: readonly Undo[]): Undo {
  return () => {
    for (const undo of undos) undo();
  };
}
