/**
 * What membership costs each node, by the size of the cluster: an idle cluster of members alone, for a while. They have no
 * part of the shards, so that what is measured is membership.
 */
import { createSimWorld } from '@jaegis/sim';
import { nextTurn } from '../support/next-turn.ts';
import { Chronicle } from './chronicle.ts';
import { seconds } from './plan.ts';
import { Stage } from './stage.ts';

export interface Cost {
  readonly nodes: number;
  /** Per node and second, what it sends and what it gets, together: messages, and bytes of subjects and payloads. */
  readonly messages: number;
  readonly bytes: number;
  /** How long it took until all saw all. */
  readonly startedMs: number;
}

export const sizes: readonly number[] = [3, 10, 100, 300, 1_000];
const MEASURED_MS = 5_000;
/** So many members come at once, as when processes are rolled out. */
const GROUP = 100;
const STARTED_WITHIN_MS = 600_000;
/** Without a record for so long it is at rest. */
const CALM_MS = 6_000;

export async function costOf(nodes: number): Promise<Cost> {
  const world = createSimWorld({ seed: nodes, settled: nextTurn });
  const { clock, network } = world;
  const fail = (_: unknown, error: unknown) => {
    throw new Error(`a node gave up: ${error}`);
  };
  const chronicle = new Chronicle(() => clock.monotonic());
  const stage = new Stage({ world, chronicle, onView: () => {}, onFailure: fail, weight: 0 });
  for (let started = 0; started < nodes; started += GROUP) {
    const names = Array.from({ length: Math.min(GROUP, nodes - started) }, (_, index) => nameOf(started + index + 1));
    for (const name of names) stage.start(name);
    await clock.runUntil(() => names.every((name) => stage.lives.get(name)?.isUp), STARTED_WITHIN_MS);
  }
  const isKnown = () => [...stage.lives.values()].every(({ node }) => node.membership.view.members.length === nodes);
  await clock.runUntil(isKnown, STARTED_WITHIN_MS);
  const startedMs = clock.monotonic();
  let writtenMs = startedMs;
  world.storage.watch(() => {
    writtenMs = clock.monotonic();
  });
  while (clock.monotonic() - writtenMs < CALM_MS) await clock.advance(CALM_MS / 2);
  const sum = { messages: 0, bytes: 0, isCounted: true };
  network.watch(({ subject, data }) => {
    if (!sum.isCounted) return;
    sum.messages += 1;
    sum.bytes += subject.length + data.length;
  });
  await clock.advance(MEASURED_MS);
  sum.isCounted = false;
  stage.end();
  const per = nodes * (MEASURED_MS / 1_000);
  return { nodes, messages: sum.messages / per, bytes: sum.bytes / per, startedMs };
}

/** All of one length, so that bytes say the same at each size. */
function nameOf(number: number): string {
  return `n${String(number).padStart(4, '0')}`;
}

export function describeCost({ nodes, messages, bytes, startedMs }: Cost): string {
  return `${nodes} nodes: ${messages.toFixed(1)} messages and ${Math.round(bytes)} bytes per node and second, up after ${seconds(startedMs)}`;
}
