import {
  type ActorReport,
  countersOf,
  type DeadMessage,
  type Depth,
  type EntityHost,
  glance,
  loadSince,
  plain,
  type ShownMessage,
  type System,
  withoutStacks,
} from '@jaegis/actors';
import { type Clock, errorToData, limits, type PeerTraffic, type TreeNode, type Vitals } from '@jaegis/core';
import type { Incident, NodeLetter, NodeLoad } from './answers.ts';
import type { IncidentLog } from './incidents.ts';
import { loopDelay } from './loop-delay.ts';
import { pruned } from './pruned.ts';
import { countIn, type Fields, textIfAny, textIn } from './request.ts';

export interface OwnAnswersOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly system: System;
  readonly host: EntityHost;
  /** @param most Entities that are listed. */
  readonly tree: (most: number) => TreeNode;
  readonly traffic: () => PeerTraffic[];
  readonly incidents: IncidentLog;
  readonly vitals?: Vitals | undefined;
}

/** Of what a node lists at most when it is not told. */
export const listed = { places: 1_000, incidents: 100, letters: 100, busiest: 10 } as const;
/** The stretch over which load is measured when nothing else is asked, and at most, in ms. */
export const stretch = { otherwise: 500, most: 5_000 } as const;

/** What one node says of itself: what runs on it, how much it has to do, and what happened. */
export class OwnAnswers {
  readonly #options: OwnAnswersOptions;

  constructor(options: OwnAnswersOptions) {
    this.#options = options;
  }

  tree(fields: Fields): TreeNode {
    const most = countIn(fields, 'limit', { most: 1_000_000, otherwise: listed.places });
    return pruned(this.#options.tree(most), most);
  }

  /** Null: nobody here has this address. */
  actor(fields: Fields, depth: Depth): ActorReport | TreeNode | null {
    const { system } = this.#options;
    const address = textIn(fields, 'address', 'node/path or type/key');
    return system.report(address, depth) ?? this.#withinMachine(address) ?? null;
  }

  /** What a machine has invoked or spawned is no process of its own: it is seen below the one that it runs in. */
  #withinMachine(address: string): TreeNode | undefined {
    const { system } = this.#options;
    const parts = address.split('/');
    for (let length = parts.length - 1; length > 1; length--) {
      const process = system.resolve(parts.slice(0, length).join('/'));
      if (process) return below(process.inspect(), parts.slice(length));
    }
    return undefined;
  }

  async load(fields: Fields): Promise<Omit<NodeLoad, 'node'>> {
    const { clock, system, host, traffic, vitals } = this.#options;
    const { budgets } = system;
    const asked = countIn(fields, 'overMs', { most: stretch.most, otherwise: stretch.otherwise });
    const most = countIn(fields, 'busiest', { most: 1_000, otherwise: listed.busiest });
    const cells = () => [...system.cells(), ...host.cells()];
    const [before, cpuBefore, began] = [countersOf(cells()), vitals?.read().cpuMs, clock.monotonic()];
    const loopDelayMs = await loopDelay(clock, asked);
    const overMs = Math.round(clock.monotonic() - began);
    const now = vitals?.read();
    const cpu =
      now && cpuBefore !== undefined ? { cpu: Math.round(((now.cpuMs - cpuBefore) / overMs) * 100) / 100 } : {};
    return {
      overMs,
      ...loadSince(before, cells(), overMs, most),
      loopDelayMs,
      ...(now ? { heapBytes: now.heapBytes, rssBytes: now.rssBytes } : {}),
      ...cpu,
      deadLetters: system.deadLetters.count,
      peers: traffic(),
      ...(budgets.length > 0 ? { budgets } : {}),
    };
  }

  /** Active entities, by type. */
  entities(): Readonly<Record<string, number>> {
    return this.#options.host.activeTypes;
  }

  incidents(fields: Fields): readonly Incident[] {
    const most = countIn(fields, 'limit', { most: limits.incidents, otherwise: listed.incidents });
    const type = textIfAny(fields, 'type');
    return this.#options.incidents.list(most, type === undefined ? undefined : (given) => given === type);
  }

  letters(fields: Fields, depth: Depth): { readonly count: number; readonly letters: readonly NodeLetter[] } {
    const most = countIn(fields, 'limit', { most: limits.deadMessages, otherwise: listed.letters });
    const { node, system } = this.#options;
    const letters = system.deadLetters.list().slice(-most);
    return { count: system.deadLetters.count, letters: letters.map((letter) => shownLetter(node, letter, depth)) };
  }
}

function shownLetter(
  node: string,
  { id, to, message, reason, at, error, state }: DeadMessage,
  depth: Depth,
): NodeLetter {
  const shown: ShownMessage = {
    type: message.type,
    ...(depth === 'contents' ? { message: plain(message, glance) } : {}),
  };
  return {
    node,
    id,
    to,
    ...shown,
    reason,
    at,
    ...(error === undefined ? {} : { error: withoutStacks(errorToData(error)) }),
    ...(depth === 'contents' && state !== undefined ? { state: plain(state, glance) } : {}),
  };
}

function below(node: TreeNode, [id, ...rest]: readonly string[]): TreeNode | undefined {
  const child = node.children.find((each) => each.id === id);
  return child && rest.length > 0 ? below(child, rest) : child;
}
