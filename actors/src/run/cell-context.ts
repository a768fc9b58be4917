import { type EntityId, InvalidDefinitionError, type TreeNode } from '@jaegis/core';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { ActorContext, ActorDefinition } from './behavior.ts';
import type { CellHost, Place } from './cell-host.ts';
import type { Announcement, Effect } from './effect.ts';
import type { Message, Protocol } from './protocol.ts';
import type { EntityRef, Ref } from './ref.ts';

/** The {@link ActorContext} of one cell: collects effects, and keeps the actor's own children. */
export class CellContext implements ActorContext {
  readonly address: string;
  readonly key: string;
  readonly #host: CellHost;
  readonly #place: Place;
  readonly #crash: (error: unknown) => void;
  readonly #signal: () => AbortSignal;
  #effects: Effect[] = [];
  #children: Supervisor | undefined;

  constructor(host: CellHost, place: Place, signal: () => AbortSignal, crash: (error: unknown) => void) {
    this.address = place.address;
    this.key = place.key;
    this.#host = host;
    this.#place = place;
    this.#crash = crash;
    this.#signal = signal;
  }

  get clock() {
    return this.#host.services.clock;
  }

  get logger() {
    return this.#host.services.logger;
  }

  get pool() {
    return this.#host.services.pool;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }

  entity<P extends Protocol>(definition: ActorDefinition<P>, key: string): EntityRef<P> {
    return this.#host.services.entity(definition, key);
  }

  actor<P extends Protocol>(address: string): Ref<P> {
    return this.#host.services.actor(address);
  }

  tell<P extends Protocol>(to: Ref<P>, message: Parameters<Ref<P>['tell']>[0]): void {
    this.#effects.push({ kind: 'tell', deliver: () => to.tell(message) });
  }

  send(to: { readonly entity: EntityId }, message: Message): void {
    if (this.#place.kind !== 'entity') {
      throw new InvalidDefinitionError(`${this.address}: only a durable entity can send; use tell or ask.`);
    }
    this.#effects.push({ kind: 'send', to: to.entity, message });
  }

  announce(event: Announcement): void {
    this.#effects.push({ kind: 'announce', event });
  }

  /** Tells observers at once: for the runtime's own events, which no crash takes back. */
  announceNow(event: Announcement): void {
    this.#host.announce(event);
  }

  spawn<P extends Protocol>(definition: ActorDefinition<P>, name: string): Ref<P> {
    const path = `${this.#place.path}/${name}`;
    return this.#host.spawnUnder(this.#supervisor(), path, definition, { name });
  }

  takeEffects(): Effect[] {
    const effects = this.#effects;
    if (effects.length > 0) this.#effects = [];
    return effects;
  }

  async stopChildren(): Promise<void> {
    await this.#children?.stop();
    this.#children = undefined;
  }

  inspectChildren(): readonly TreeNode[] {
    return this.#children?.inspect() ?? [];
  }

  #supervisor(): Supervisor {
    this.#children ??= this.#host.makeSupervisor(this.#place.path, (error) => this.#crash(error));
    return this.#children;
  }
}
