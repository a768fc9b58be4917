/**
 * Tells the cluster's events that the event loop of a member stands still, once for each time, and once more when the
 * actor that holds it becomes known. Of its watchers only the first one that is not in trouble itself says so.
 */
import {
  type HealthSettings,
  isSameLife,
  type Member,
  type Observation,
  observersOf,
  type Sight,
  type View,
} from '@jaegis/core';

export interface NodeStalled {
  readonly type: 'node_stalled';
  /** The node whose event loop stands still. */
  readonly stalled: string;
  /** The address of the actor that runs there, where that is known. */
  readonly actor?: string;
  /** Where in the code, likewise. */
  readonly at?: string;
  /** How long it has stood still, in ms. */
  readonly loopMs: number;
}

export class StallNews {
  readonly #settings: Pick<HealthSettings, 'stalledAfterMs'>;
  /** Of those that are stalled: whether it was said, and with which name. */
  readonly #told = new Map<string, string | undefined>();

  constructor(settings: Pick<HealthSettings, 'stalledAfterMs'>) {
    this.#settings = settings;
  }

  /** What is new in what a watcher sees. @param sightOf What it calls another member; undefined: it does not watch it. */
  take(
    seen: readonly Observation[],
    view: View,
    self: Member,
    sightOf: (member: Member) => Sight | undefined,
  ): NodeStalled[] {
    // One that was stalled is called so for a while after: what it does meanwhile its last beat says.
    const isNow = ({ sees, loopMs = 0 }: Observation) => sees === 'stalled' && loopMs >= this.#settings.stalledAfterMs;
    const stalled = seen.filter(isNow);
    for (const key of [...this.#told.keys()]) if (!stalled.some(({ of }) => keyOf(of) === key)) this.#told.delete(key);
    return stalled.flatMap((observation) => {
      const { of, actor, at, loopMs = 0 } = observation;
      const key = keyOf(of);
      if (this.#told.has(key) && (actor === undefined || this.#told.get(key) !== undefined)) return [];
      this.#told.set(key, actor);
      if (!isFirst(observation, view, self, sightOf)) return [];
      const culprit = { ...(actor === undefined ? {} : { actor }), ...(at === undefined ? {} : { at }) };
      return [{ type: 'node_stalled', stalled: of.id, loopMs, ...culprit }];
    });
  }
}

function isFirst(
  { of }: Observation,
  view: View,
  self: Member,
  sightOf: (member: Member) => Sight | undefined,
): boolean {
  const first = observersOf(of.id, view).find(
    (member) => isSameLife(member, self) || (sightOf(member) ?? 'alive') === 'alive',
  );
  return first !== undefined && isSameLife(first, self);
}

function keyOf({ id, incarnation }: Observation['of']): string {
  return `${id} ${incarnation}`;
}
