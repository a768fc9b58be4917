/** A node is killed, stopped or told to leave: how long until what it owned is answered elsewhere, with its state. */
import type { Session } from '../harness/session.ts';
import { spreadOf } from '../harness/spread.ts';
import { Ground, type GroundOptions } from './ground.ts';
import type { SteadyAsks } from './steady-asks.ts';

/** Faults on one ground, one a round, under a steady stream of asks. @returns the figures of the fault, in ms. */
export type Fault = (ground: Ground, asks: SteadyAsks) => Promise<number[]>;

export async function underAsks(options: GroundOptions, fault: Fault): Promise<Session> {
  const ground = await Ground.open(options);
  const asks = await ground.steady(await ground.counters());
  return {
    round: async (faults) => {
      const figures: number[] = [];
      for (let done = 0; done < faults; done++) {
        figures.push(...(await fault(ground, asks)));
        asks.assertRight();
      }
      return figures;
    },
    close: async () => {
      asks.stop();
      await ground.close();
    },
  };
}

/** From SIGKILL until each of the victim's entities has answered elsewhere. */
export const killed: Fault = async (ground, asks) => {
  const victim = ground.nextVictim();
  const lines = asks.of(victim);
  const atMs = ground.nodes.signal(victim, 'SIGKILL');
  const answeredMs = await asks.firstAnswers(lines, victim);
  await ground.nodes.ended(victim);
  await ground.start(victim);
  await ground.settled(asks);
  ground.assertAlive(victim);
  return answeredMs.map((ms) => ms - atMs);
};

/** The same from SIGSTOP; then it goes on, and must not know any better than those that replaced it. */
export const frozen: Fault = async (ground, asks) => {
  const victim = ground.nextVictim();
  const lines = asks.of(victim);
  const atMs = ground.nodes.signal(victim, 'SIGSTOP');
  const answeredMs = await asks.firstAnswers(lines, victim);
  ground.nodes.signal(victim, 'SIGCONT');
  await ground.settled(asks);
  ground.assertAlive(victim);
  return answeredMs.map((ms) => ms - atMs);
};

/** How much longer the longest ask to each of the victim's entities took while it left than asks do. No ask may fail. */
export const told: Fault = async (ground, asks) => {
  const victim = ground.nextVictim();
  const lines = asks.of(victim);
  const usual = await asks.longest(lines, asks.roundTrips(20));
  const before = asks.failed;
  ground.nodes.signal(victim, 'SIGTERM');
  const longest = await asks.longest(lines, ground.nodes.ended(victim));
  if (asks.failed > before) throw new Error(`Asks failed while ${victim} left: ${asks.told}.`);
  await ground.start(victim);
  await ground.settled(asks);
  ground.assertAlive();
  const { median } = spreadOf(usual);
  return longest.map((ms) => Math.max(0, ms - median));
};
