/** The ports of core in memory, on a virtual clock, from a seed, with faults. */
export { NodeClock } from './node-clock.ts';
export { SeededRandom } from './seeded-random.ts';
export { SimArchive } from './sim-archive.ts';
export type { Latency, Sighting, SimNetwork } from './sim-network.ts';
export type { SimStorage, Written } from './sim-storage.ts';
export {
  createSimWorld,
  type SimConnection,
  type SimJournalOptions,
  type SimNodeOptions,
  type SimWorld,
  type SimWorldOptions,
} from './sim-world.ts';
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts';
