/**
 * What a flush does not say where there are several servers: that what one connection has published or subscribed has
 * reached the servers of the others. A message that follows it and has arrived says so, because each way keeps its order.
 */
import type { Transport } from '@jaegis/core';
import { bytes, text, uniqueName } from './world.ts';

interface Fenced {
  readonly transport: Transport;
  readonly subject: string;
  /** The newest round that came, by who sent it. */
  readonly seen: Map<string, number>;
}

export class Fence {
  #all: Fenced[] = [];
  #round = 0;

  /** Of the present test; those before are forgotten. */
  reset(): void {
    this.#all = [];
  }

  add(transport: Transport): void {
    const fenced: Fenced = { transport, subject: `fence.${uniqueName()}`, seen: new Map() };
    transport.subscribe(fenced.subject, ({ data }) => {
      const [from = '', round] = text(data)?.split(' ') ?? [];
      fenced.seen.set(from, Number(round));
    });
    this.#all.push(fenced);
  }

  /** Resolves when all that any of the open ones has published or subscribed is known to, and handled by, the others. */
  async pass(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const open = this.#all.filter(({ transport }) => transport.connected);
    for (const { transport } of open) await transport.flush();
    await Promise.all(open.flatMap((from) => open.map((to) => this.#arrives(from, to, round))));
  }

  /** Sent again until it arrives: at first the subscription to it may not be known. */
  async #arrives(from: Fenced, to: Fenced, round: number): Promise<void> {
    const isThere = () => to.seen.get(from.subject) === round || !from.transport.connected || !to.transport.connected;
    while (!isThere()) {
      from.transport.publish(to.subject, bytes(`${from.subject} ${round}`));
      await from.transport.flush();
      await to.transport.flush();
    }
  }
}
