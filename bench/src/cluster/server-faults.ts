/** A NATS server is killed: one that leads no stream, or the one that leads all of them. */
import type { Session } from '../harness/session.ts';
import { Ground, type GroundOptions } from './ground.ts';
import { pause } from './steady-asks.ts';

/** How long asks are looked at after a server was killed that leads nothing, in ms. */
const LOOK_MS = 1_500;
/** The stream that turns are appended to. */
const TURNS = '_TURNS';

/** A ground with two streams of asks: those that need storage and those that do not. */
async function open(options: GroundOptions) {
  const ground = await Ground.open(options);
  const durable = await ground.steady(await ground.counters());
  const transient = await ground.steady(ground.echoes());
  const close = async () => {
    durable.stop();
    transient.stop();
    await ground.close();
  };
  return { ground, durable, transient, close };
}

type Open = Awaited<ReturnType<typeof open>>;

/** The longest ask of each line, of both kinds, after the death of a server that leads no stream. */
export async function bystanderKilled(options: GroundOptions): Promise<Session> {
  const opened = await open(options);
  const { ground, durable, transient } = opened;
  const fault = async () => {
    const { servers } = ground;
    const victim = servers.server(await servers.busiest());
    const leader = servers.all.find((server) => server !== victim);
    await servers.lead(leader?.name ?? '');
    const over = victim.kill().then(() => pause(LOOK_MS));
    const longest = await Promise.all([durable, transient].map((asks) => asks.longest(asks.lines, over)));
    await settle(opened, victim.name);
    return longest.flat();
  };
  return { round: (faults) => repeated(faults, fault), close: opened.close };
}

/** What one death of the leader comes to, in ms. */
interface LeaderLoss {
  /** For each line of durable asks: from the election of the next leader until its first answer. */
  readonly durable: readonly number[];
  /** The longest of the other asks of each line, until then. */
  readonly transient: readonly number[];
}

/** The deaths of leaders, which two rows look at. Each takes seconds: the second row takes those of the first one. */
export class LeaderDeaths {
  readonly #options: GroundOptions;
  readonly #losses: LeaderLoss[] = [];
  #opened: Promise<Open> | undefined;

  constructor(options: GroundOptions) {
    this.#options = options;
  }

  durable(): Session {
    const one = async () => {
      const loss = await this.#kill();
      this.#losses.push(loss);
      return loss.durable;
    };
    return { round: (faults) => repeated(faults, one), close: () => this.#close() };
  }

  transient(): Session {
    const one = async () => (this.#losses.shift() ?? (await this.#kill())).transient;
    return { round: (faults) => repeated(faults, one), close: () => this.#close() };
  }

  async #kill(): Promise<LeaderLoss> {
    this.#opened ??= open(this.#options);
    const opened = await this.#opened;
    const { ground, durable, transient } = opened;
    const { servers } = ground;
    const victim = servers.server(await servers.busiest());
    await servers.lead(victim.name);
    const elected = servers.nextLeader(TURNS);
    await victim.kill();
    const answered = elected.then(async (atMs) => {
      const firstMs = await durable.firstAnswers(durable.lines);
      return firstMs.map((ms) => Math.max(0, ms - atMs));
    });
    const longest = await transient.longest(transient.lines, answered);
    await settle(opened, victim.name);
    return { durable: await answered, transient: longest };
  }

  async #close(): Promise<void> {
    const opened = await this.#opened;
    this.#opened = undefined;
    await opened?.close();
  }
}

async function settle({ ground, durable, transient }: Open, killed: string): Promise<void> {
  await ground.servers.server(killed).restart();
  await ground.servers.settled();
  await Promise.all([ground.settled(durable), transient.roundTrips()]);
  durable.assertRight();
  ground.assertAlive();
}

export async function repeated(faults: number, one: () => Promise<readonly number[]>): Promise<number[]> {
  const figures: number[] = [];
  for (let done = 0; done < faults; done++) figures.push(...(await one()));
  return figures;
}
