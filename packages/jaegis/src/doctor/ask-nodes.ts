/** Asks the nodes of a cluster who they are and what time it is there, by the requests that any NATS client can make. */
import type { About } from '@jaegis/cluster';
import { type Clock, hasCode } from '@jaegis/core';
import { Console, type InspectionOptions } from '../console.ts';
import type { NamedClock } from './judge-clocks.ts';
import type { NodesFacts } from './judge-nodes.ts';

export interface AskedNodes {
  readonly facts: NodesFacts;
  readonly clocks: readonly NamedClock[];
}

/** The part of the answer to `inspect.health` that is read. */
interface Health {
  readonly members: readonly { readonly node: string; readonly status: string }[];
}

export async function askNodes(options: InspectionOptions, clock: Clock): Promise<AskedNodes> {
  try {
    await using console = await Console.open(options);
    const { members } = await console.request<Health>({ what: 'inspect.health' });
    const clocks: NamedClock[] = [];
    const nodes = await Promise.all(
      members
        .filter(({ status }) => status !== 'down')
        .map(async ({ node, status }) => {
          const began = clock.monotonic();
          const asked = console.request<About>({ what: `inspect.node.${node}.about` });
          const about = await asked.catch(() => undefined);
          const withinMs = (clock.monotonic() - began) / 2;
          const aheadMs = (about?.timeMs ?? 0) - (clock.now() - withinMs);
          if (about) clocks.push({ of: `node ${node}`, reading: { aheadMs, withinMs } });
          return { node, status, about };
        }),
    );
    return { facts: { asked: 'answered', nodes }, clocks };
  } catch (error) {
    // Why there is no connection, the servers' own findings say.
    return { facts: { asked: hasCode(error, 'permission_denied') ? 'refused' : 'nobody' }, clocks: [] };
  }
}
