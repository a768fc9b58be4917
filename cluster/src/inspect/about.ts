/** What one node says of itself: who it is, what it runs on, and its time, so that clocks can be compared. */
import type { Clock } from '@jaegis/core';
import { PROTOCOL, VERSION } from '../health/protocol.ts';
import type { Membership } from '../membership.ts';

export interface About {
  readonly node: string;
  readonly incarnation: string;
  readonly cluster: string;
  readonly version: string;
  /** Which nodes of one cluster have in common. */
  readonly protocol: number;
  /** Of the view that this node goes by. */
  readonly epoch: number;
  readonly members: number;
  readonly draining: boolean;
  /** Milliseconds since 1970 by its clock. */
  readonly timeMs: number;
}

export function about(cluster: string, { self, view }: Membership, clock: Clock): About {
  const { epoch, members } = view;
  const draining = members.some(({ id, draining = false }) => id === self.id && draining);
  const { id: node, incarnation } = self;
  const spoken = { version: VERSION, protocol: PROTOCOL };
  return { node, incarnation, cluster, ...spoken, epoch, members: members.length, draining, timeMs: clock.now() };
}
