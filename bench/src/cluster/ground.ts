/** What a row of faults stands on: servers, nodes as processes, and a client that asks counters on all of them. */
import { type ClusterEvent, type JaegisNode, startNode } from 'jaegis';
import { TcpProxy } from '../../../test/support/tcp-proxy.ts';
import { counter, type echo } from './app.ts';
import { monotonicMs } from './monotonic.ts';
import { NodeProcesses } from './node-processes.ts';
import { Servers } from './servers.ts';
import { type Line, pause, SteadyAsks } from './steady-asks.ts';

const CLUSTER = 'faults';
/** Counters of each node that are asked all the time. */
const LINES = 4;
/** What has not happened by then will not happen, in ms. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 10;
/** An ask to an entity may take as long as an election of the servers. */
export const DURABLE_MS = 30_000;
const TRANSIENT_MS = 5_000;

/** An event of the cluster, with when the client heard it. */
export interface Heard {
  readonly event: ClusterEvent;
  readonly atMs: number;
}

export interface GroundOptions {
  readonly servers: 1 | 3;
  readonly nodes: number;
  /** Nodes whose connections go through proxies of their own; they know no other way. Default: none. */
  readonly proxied?: readonly string[];
}

export class Ground {
  readonly servers: Servers;
  readonly names: readonly string[];
  readonly nodes = new NodeProcesses(CLUSTER);
  readonly client: JaegisNode;
  readonly proxies: ReadonlyMap<string, readonly TcpProxy[]>;
  /** Whom somebody has declared dead since the last look. */
  readonly #declared = new Set<string>();
  #hearing: Heard[] = [];
  #victims = 0;

  private constructor(
    options: GroundOptions,
    servers: Servers,
    client: JaegisNode,
    proxies: ReadonlyMap<string, readonly TcpProxy[]>,
  ) {
    this.servers = servers;
    this.client = client;
    this.proxies = proxies;
    this.names = namesOf(options.nodes);
    client.onEvent((event) => {
      this.#hearing.push({ event, atMs: monotonicMs() });
      if (event.type === 'node_down') this.#declared.add(`${event.down}`);
    });
  }

  static async open(options: GroundOptions): Promise<Ground> {
    const servers = await Servers.start(options.servers);
    const proxies = new Map<string, readonly TcpProxy[]>();
    for (const name of options.proxied ?? []) {
      proxies.set(
        name,
        await Promise.all(servers.urls.map((url) => TcpProxy.to(url).then((proxy) => proxy.beTheOnlyWay()))),
      );
    }
    const common = { cluster: CLUSTER, nats: [...servers.urls], threads: 1, logLevel: 'silent' } as const;
    const client = await startNode({ ...common, name: 'client', role: 'client' });
    const ground = new Ground(options, servers, client, proxies);
    try {
      await Promise.all(ground.names.map((name) => ground.start(name)));
      await ground.members(ground.names);
      return ground;
    } catch (error) {
      await ground.close();
      throw error;
    }
  }

  /** Resolves when it is a member; with when its code was loaded. */
  async start(name: string): Promise<number> {
    const { up, ready } = this.launch(name);
    await ready;
    return up;
  }

  launch(name: string): ReturnType<NodeProcesses['start']> {
    const urls = this.proxies.get(name)?.map(({ url }) => url) ?? this.servers.urls;
    // Each begins at another server.
    const first = this.names.indexOf(name) % urls.length;
    return this.nodes.start(name, [...urls.slice(first), ...urls.slice(0, first)]);
  }

  /** Each of them is the next victim in turn. */
  nextVictim(): string {
    return this.names[this.#victims++ % this.names.length] ?? '';
  }

  /** Resolves when the client knows these as the members, and no others. */
  members(names: readonly string[]): Promise<void> {
    const wanted = names.toSorted().join();
    const are = () =>
      this.client.view.members
        .map(({ id }) => id)
        .toSorted()
        .join();
    return this.until(`the members to be ${wanted}`, () => are() === wanted, are);
  }

  /** Resolves when all are members with all of their weight, and answer for a part of these lines. */
  async settled(asks: SteadyAsks): Promise<void> {
    await this.members(this.names);
    const haveAll = () => this.client.view.members.every(({ share }) => share === undefined);
    await this.until('each node to have its whole share', haveAll);
    await this.until('each node to answer some', () => this.names.every((name) => asks.of(name).length > 0));
    await asks.roundTrips(5);
  }

  /** Counters, as many on each of the nodes. */
  async counters(): Promise<Line[]> {
    const chosen = new Map(this.names.map((name) => [name, [] as string[]]));
    for (let index = 0; [...chosen.values()].some((keys) => keys.length < LINES); index++) {
      const key = `counter-${index}`;
      const { node } = await this.client.entity(counter, key).ask({ type: 'read' }, { timeoutMs: DURABLE_MS });
      const keys = chosen.get(node);
      if (keys !== undefined && keys.length < LINES) keys.push(key);
    }
    return [...chosen.values()].flat().map((name) => {
      const ref = this.client.entity(counter, name);
      const ask: Line['ask'] = (idempotencyKey) => ref.ask({ type: 'add' }, { idempotencyKey, timeoutMs: DURABLE_MS });
      return { name, ask, isCounted: true };
    });
  }

  /** An actor on each node that needs no storage. */
  echoes(): Line[] {
    return this.names.map((name) => {
      const ref = this.client.actor<NonNullable<(typeof echo)['protocol']>>(`${name}/user/echo`);
      return { name, ask: () => ref.ask({ type: 'ask' }, { timeoutMs: TRANSIENT_MS }), isCounted: false };
    });
  }

  /** A stream of asks that has begun, and covers all nodes. */
  async steady(lines: readonly Line[]): Promise<SteadyAsks> {
    const asks = new SteadyAsks(lines);
    asks.start();
    await this.settled(asks);
    return asks;
  }

  /** Who was declared down since the last look and is not one of the dead. */
  falselyDown(...dead: readonly string[]): string[] {
    const wrong = [...this.#declared].filter((name) => !dead.includes(name));
    this.#declared.clear();
    return wrong;
  }

  /** @throws Error that names them. */
  assertAlive(...dead: readonly string[]): void {
    const wrong = this.falselyDown(...dead);
    if (wrong.length > 0) throw new Error(`${wrong.join(', ')} lived and was declared down.`);
  }

  /** What is heard from now on. */
  listen(): readonly Heard[] {
    const heard: Heard[] = [];
    this.#hearing = heard;
    return heard;
  }

  async until(what: string, isSo: () => boolean, is: () => string = () => ''): Promise<void> {
    await this.found(what, () => isSo() || undefined, is);
  }

  async close(): Promise<void> {
    await this.client.stop();
    await this.nodes.stop();
    for (const proxies of this.proxies.values()) for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    await this.servers.stop();
  }

  /** Looks again and again until there is something. */
  async found<Found>(what: string, find: () => Found | undefined, is: () => string = () => ''): Promise<Found> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let found = find(); ; found = find()) {
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE_MS} ms in vain for ${what}. ${is()}`.trim());
      await pause(LOOK_MS);
    }
  }
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${index + 1}`);
}
