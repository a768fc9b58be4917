/** Since when this node owns each shard without a break, as a name that turns carry: see decision 0041. */
import { hash32, type Member, type View } from '@jaegis/core';
import { SHARDS, shardsOf } from './placement.ts';

const LENGTH = 4;

export class Tenures {
  /** By shard. */
  #since: ReadonlyMap<number, string> = new Map();

  onView(self: Member, view: View): void {
    const since = new Map<number, string>();
    for (const shard of shardsOf(self, view)) {
      since.set(shard, this.#since.get(shard) ?? nameOf(self, view.epoch, shard));
    }
    this.#since = since;
  }

  /** Of a shard that this node does not own: a name that no turn has. */
  of(shard: number): string {
    return this.#since.get(shard) ?? NOBODY;
  }
}

const NOBODY = '-'.repeat(LENGTH);

/** Another one after each break, with all likelihood: shards come back in later epochs, nodes as other incarnations. */
function nameOf({ incarnation }: Member, epoch: number, shard: number): string {
  return hash32(`${incarnation}/${epoch * SHARDS + shard}`)
    .toString(36)
    .padStart(LENGTH, '0')
    .slice(-LENGTH);
}
