import { type EntityId, isSameLife, type Member, type View, viewWithout } from '@jaegis/core';
import type { Needs } from './needs.ts';
import type { ReleaseMessage } from './release-message.ts';

export interface HandoversOptions {
  readonly needs: Needs;
  readonly view: () => View;
  readonly self: () => Member;
  /** Resolves when the member has let go of what the message names. Rejects when it is gone or takes too long. */
  readonly ask: (member: Member, message: ReleaseMessage) => Promise<void>;
  /** Resolves when this node has let go of the entity, or of all entities that it does not own by now. */
  readonly released: (entity: EntityId | undefined) => Promise<void>;
  /** The same of a pinned actor. */
  readonly releasedPinned: (name: string) => Promise<void>;
}

/** Where a plot came from, until that node has let go of all that it had. */
interface Former {
  readonly member: Member;
  /** Of the view by which it came. */
  readonly epoch: number;
  readonly done: Promise<void>;
}

/**
 * What moves between two living nodes: the new owner begins when the former one has finished what was under way, so that
 * neither cuts the other off. Only for that: where it fails, the fence of the journal still lets one of them write.
 */
export class Handovers {
  readonly #options: HandoversOptions;
  readonly #formers = new Map<string, Former>();
  readonly #waiting: { readonly epoch: number; readonly goOn: () => void }[] = [];

  constructor(options: HandoversOptions) {
    this.#options = options;
  }

  /** @param holdings The plots of this node by the new view. */
  onView(view: View, previous: View, holdings: ReadonlySet<string>): void {
    const { needs, self } = this.#options;
    const formers = new Map<string, Former>();
    // A node that has just come knows no view without it, but who would own its plots there.
    const before = previous.epoch === 0 ? viewWithout(view, [self()]) : previous;
    for (const plot of holdings) {
      const owner = needs.ownerOfPlot(plot, before);
      if (owner === undefined || isSameLife(owner, self())) continue;
      const member = view.members.find((other) => isSameLife(other, owner));
      if (member === undefined) this.#formers.delete(plot);
      else this.#formers.set(plot, this.#formerOf(member, view.epoch, formers));
    }
    this.#goOn(view.epoch);
  }

  /** Resolves when the former owner of the entity has let go of it. Undefined: there is none, or it has. */
  of(entity: EntityId): Promise<void> | undefined {
    const former = this.#formers.get(this.#options.needs.plotOf(entity));
    return former && this.#letGo(former, entity);
  }

  /** The same of all entities of a plot. */
  ofPlot(plot: string): Promise<void> | undefined {
    return this.#formers.get(plot)?.done;
  }

  /** Another node asks. It is answered from the view on by which it asks. */
  async answer({ epoch, entity: named, pinned }: ReleaseMessage): Promise<void> {
    if (this.#options.view().epoch < epoch) await this.#viewAt(epoch);
    if (pinned !== undefined) return this.#options.releasedPinned(pinned);
    const entity = named && { type: named[0], key: named[1] };
    // What this node was still waiting for itself comes first. Epochs only fall on that way, so it ends.
    await Promise.all(this.#earlier(epoch, entity));
    await this.#options.released(entity);
  }

  stop(): void {
    this.#formers.clear();
    this.#goOn(Number.POSITIVE_INFINITY);
  }

  #formerOf(member: Member, epoch: number, made: Map<string, Former>): Former {
    const known = made.get(member.id);
    if (known !== undefined) return known;
    const done = this.#ask(member, { type: 'release', epoch }).then(() => this.#forget(former));
    const former: Former = { member, epoch, done };
    made.set(member.id, former);
    return former;
  }

  #forget(done: Former): void {
    for (const [plot, former] of this.#formers) if (former === done) this.#formers.delete(plot);
  }

  #earlier(epoch: number, entity: EntityId | undefined): Promise<void>[] {
    const formers = [...new Set(this.#formers.values())].filter((former) => former.epoch < epoch);
    if (entity === undefined) return formers.map(({ done }) => done);
    const former = this.#formers.get(this.#options.needs.plotOf(entity));
    return former !== undefined && formers.includes(former) ? [this.#letGo(former, entity)] : [];
  }

  #letGo({ member, epoch, done }: Former, { type, key }: EntityId): Promise<void> {
    return Promise.race([done, this.#ask(member, { type: 'release', epoch, entity: [type, key] })]);
  }

  /** Who is gone, or cannot say, is not waited for. */
  async #ask(member: Member, message: ReleaseMessage): Promise<void> {
    await this.#options.ask(member, message).catch(() => {});
  }

  #viewAt(epoch: number): Promise<void> {
    return new Promise((goOn) => this.#waiting.push({ epoch, goOn }));
  }

  #goOn(epoch: number): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.epoch <= epoch) waiting.goOn();
      else this.#waiting.push(waiting);
    }
  }
}
