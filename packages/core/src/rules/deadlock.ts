/**
 * What is done about a cycle of waiting asks: which ask is given up, and what its asker is told. The same rule for
 * cycles within a node and across nodes, so that all nodes that see a cycle choose the same victim.
 */

import { DeadlockError, type JaegisError } from '../errors.ts';
import { invariant } from '../invariant.ts';
import type { WaitEdge } from './wait-graph.ts';

/** One ask of a cycle, as plain data. */
export interface WaitStep {
  /** Address of the actor that waits. */
  readonly from: string;
  /** Address of the actor it waits for. */
  readonly to: string;
  /** The type of the message that was asked. */
  readonly message: string;
  /** Of the actor that waits. */
  readonly priority: number;
  readonly sequence: number;
}

export function waitStep(edge: WaitEdge): WaitStep {
  const { from, to, message, sequence } = edge;
  const priority = from?.priority ?? 0;
  return { from: from?.address ?? '', to: to?.address ?? '', message: message.type, priority, sequence };
}

/**
 * The index of the ask to give up: of the actor with the lowest priority, and of these the youngest. Where the cycle
 * begins makes no difference. Asks of different nodes with the same number are told apart by the address.
 */
export function chooseVictim(cycle: readonly WaitStep[]): number {
  let victim = 0;
  for (const [index, step] of cycle.entries()) {
    const best = cycle[victim];
    if (best !== undefined && isRather(step, best)) victim = index;
  }
  return victim;
}

function isRather(step: WaitStep, than: WaitStep): boolean {
  if (step.priority !== than.priority) return step.priority < than.priority;
  if (step.sequence !== than.sequence) return step.sequence > than.sequence;
  return step.from > than.from;
}

/** What the asker of the victim is told. The cycle in it begins with the victim. */
export function deadlockError(cycle: readonly WaitStep[], victim: number): JaegisError {
  const ordered = [...cycle.slice(victim), ...cycle.slice(0, victim)];
  const steps = ordered.map(({ from, to, message }) => ({ from, to, message }));
  return new DeadlockError(`Deadlock: ${describe(ordered)}.`, { data: { cycle: steps } });
}

/** Steps of a cycle that the message of the error shows; its data holds all. */
const SHOWN = 100;

function describe(steps: readonly WaitStep[]): string {
  const shown = steps.slice(0, SHOWN).map(({ from, to, message }) => `${from} asks ${to} ${JSON.stringify(message)}`);
  if (steps.length > SHOWN) shown.push(`${steps.length - SHOWN} more`);
  return shown.join(' → ');
}

/** For a cycle within a node: the ask to give up, and the error to reject it with. */
export function resolveDeadlock(cycle: readonly WaitEdge[]): DeadlockVerdict {
  const steps = cycle.map(waitStep);
  const index = chooseVictim(steps);
  const victim = cycle[index];
  invariant(victim, 'a cycle has at least one ask');
  return { victim, error: deadlockError(steps, index) };
}

export interface DeadlockVerdict {
  readonly victim: WaitEdge;
  readonly error: JaegisError;
}
