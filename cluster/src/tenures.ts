/** Since when this node owns each plot without a break, as a name that turns carry: see decision 0041. */
import { hash32, type Member, type View } from '@jaegis/core';

const LENGTH = 4;

export class Tenures {
  /** By plot. */
  #since: ReadonlyMap<string, string> = new Map();

  /** @param holdings The plots of this node by the view. */
  onView(self: Member, view: View, holdings: ReadonlySet<string>): void {
    const since = new Map<string, string>();
    for (const plot of holdings) since.set(plot, this.#since.get(plot) ?? nameOf(self, view.epoch, plot));
    this.#since = since;
  }

  /** Of a plot that this node does not own: a name that no turn has. */
  of(plot: string): string {
    return this.#since.get(plot) ?? NOBODY;
  }
}

const NOBODY = '-'.repeat(LENGTH);

/** Another one after each break, with all likelihood: plots come back in later epochs, nodes as other incarnations. */
function nameOf({ incarnation }: Member, epoch: number, plot: string): string {
  return hash32(`${incarnation}/${epoch}/${plot}`).toString(36).padStart(LENGTH, '0').slice(-LENGTH);
}
