/**
 * A cluster of real processes on three real servers, eight clients, and faults one after the other, each of which lasts
 * until the clients have got on under it. Which faults, where and in which order is chosen by a seed.
 */
import { SeededRandom } from '@jaegis/sim';
import { type JaegisNode, type NatsServers, startNode } from 'jaegis';
import { startNats } from '../support/nats.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { counter } from './app.ts';
import { Client, counters, Record, runClient } from './clients.ts';
import { NodeProcesses } from './node-processes.ts';
import { turnsKept } from './turn-order.ts';

export const faults = [
  'kill a node',
  'restart a node',
  'freeze an owner',
  'kill server 0',
  'kill server 1',
  'kill server 2',
  'freeze server 0',
  'freeze server 1',
  'freeze server 2',
  'slow a connection',
  'cut a connection',
  'swallow a connection',
  'slow clients',
  'cut clients',
  'swallow clients',
] as const;

export type Fault = (typeof faults)[number];

export interface FireOptions {
  readonly seed: string;
  readonly faults: readonly Fault[];
  /** Operations that must be acknowledged during each fault and after it. */
  readonly progress: number;
  /** Told what happens. */
  readonly report: (line: string) => void;
}

export interface Fire extends AsyncDisposable {
  readonly record: Record;
  /** To look at what is left. */
  readonly client: JaegisNode;
}

const CLIENTS = 8;
/** So many of them go through a proxy of their own. */
const CLIENTS_PROXIED = 3;
const DIRECT = ['n1', 'n2', 'n3'] as const;
/** Its connection goes through the proxy. */
const PROXIED = 'n4';

/** Resolves when the faults are over and all that was under way is acknowledged. */
export async function fire(options: FireOptions): Promise<Fire> {
  await using stack = new AsyncDisposableStack();
  // All servers name the proxy to those who ask where else they may go, so that its clients find no way around it.
  // Nobody learns from that how many servers there are.
  const clientProxy = stack.use(await TcpProxy.to());
  const config = `client_advertise: "${new URL(clientProxy.url).host}"\n`;
  const servers = stack.use(await startNats({ count: 3, config }));
  const { urls } = servers;
  clientProxy.retarget(urls);
  const cluster = `fire-${options.seed}`;
  const proxy = stack.use(await TcpProxy.to(...urls));
  const nodes = stack.use(new NodeProcesses(cluster, 3));
  await Promise.all([...DIRECT.map((name) => nodes.start(name, urls)), nodes.start(PROXIED, [proxy.url])]);
  const clients: JaegisNode[] = [];
  // One after the other: on a small machine a connection that is made beside many others takes too long.
  for (let index = 0; index < CLIENTS; index++) {
    clients.push(
      stack.use(
        await startNode({
          name: `client-${index}`,
          role: 'client',
          cluster,
          nats: index < CLIENTS_PROXIED ? [clientProxy.url] : [...urls],
          logLevel: 'silent',
          threads: 1,
          history: turnsKept,
          replicas: 3,
        }),
      ),
    );
  }
  const client = clients.at(-1);
  if (client === undefined) throw new Error('there are several');
  const record = new Record();
  let isOver = false;
  const working = Promise.all(
    clients.map((node, index) => runClient(node, `c${index}`, hash(options.seed, index), record, () => isOver)),
  );
  const arsonist = new Arsonist(options, { servers, urls, proxy, clientProxy, nodes, record, client });
  await Promise.race([working, arsonist.run()]);
  isOver = true;
  await working;
  const left = stack.move();
  return { record, client, [Symbol.asyncDispose]: () => left.disposeAsync() };
}

interface Scene {
  readonly urls: readonly string[];
  readonly servers: NatsServers;
  readonly proxy: TcpProxy;
  readonly clientProxy: TcpProxy;
  readonly nodes: NodeProcesses;
  readonly record: Record;
  readonly client: JaegisNode;
}

class Arsonist {
  readonly #options: FireOptions;
  readonly #scene: Scene;
  readonly #random: SeededRandom;
  readonly #own: Client;
  #freezes = 0;

  constructor(options: FireOptions, scene: Scene) {
    this.#options = options;
    this.#scene = scene;
    this.#own = new Client(scene.client, 'arsonist', scene.record);
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<void> {
    await this.#gotOn();
    for (const fault of this.#options.faults) {
      const began = performance.now();
      const before = this.#scene.record.acknowledged;
      await this.#set(fault);
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      this.#options.report(`${fault}: ${this.#scene.record.acknowledged - before} operations in ${seconds} s`);
      await this.#gotOn();
    }
  }

  #gotOn(): Promise<void> {
    return this.#scene.record.progress(this.#options.progress);
  }

  async #set(fault: Fault): Promise<void> {
    switch (fault) {
      case 'kill a node':
        return this.#end('kill');
      case 'restart a node':
        return this.#end('stop');
      case 'freeze an owner':
        return this.#freeze();
      case 'slow a connection':
        return this.#throughProxy((proxy) => proxy.slow(150));
      case 'swallow a connection':
        return this.#throughProxy((proxy) => proxy.swallow());
      case 'cut a connection':
        return this.#throughProxy((proxy) => proxy.cut());
      case 'slow clients':
        return this.#throughClientProxy((proxy) => proxy.slow(150));
      case 'swallow clients':
        return this.#throughClientProxy((proxy) => proxy.swallow(), CLIENTS_PROXIED);
      case 'cut clients':
        return this.#throughClientProxy((proxy) => proxy.cut());
      default:
        return this.#hitServer(fault.startsWith('freeze'), Number(fault.at(-1)));
    }
  }

  async #end(how: 'kill' | 'stop'): Promise<void> {
    const { nodes, urls } = this.#scene;
    const name = DIRECT[Math.floor(this.#random.next() * DIRECT.length)] ?? 'n1';
    await nodes[how](name);
    await this.#gotOn();
    await nodes.start(name, urls);
  }

  /**
   * In the midst of a turn, and long enough to be replaced and its entity changed; then it wakes up in the belief that it
   * still owns what it did, and must be refused.
   */
  async #freeze(): Promise<void> {
    const { nodes, client, record } = this.#scene;
    const [key] = counters;
    const name = await client.entity(counter, key).ask({ type: 'where' }, { timeoutMs: 60_000 });
    const fenced = nodes.count(name, `fenced counter/${key}`) + 1;
    const wake = await nodes.alarmClock(name);
    const frozen = nodes.said(name, 'frozen', nodes.count(name, 'frozen') + 1);
    const freezing = this.#own.add(key, { by: 1, freezes: { node: name, time: ++this.#freezes } });
    const hasMoved = await Promise.race([frozen.then(() => false), freezing.then(() => true)]);
    if (!hasMoved) {
      await this.#view((members) => !members.includes(name));
      await freezing;
      await Promise.all([this.#gotOn(), record.progressOf(`counter/${key}`, 10)]);
    }
    await wake();
    if (hasMoved) return this.#freeze();
    await nodes.said(name, `fenced counter/${key}`, fenced);
    await this.#view((members) => members.includes(name));
  }

  /** Frozen, it is cut off from the other servers and from its clients, and wakes up in the belief that it leads. */
  async #hitServer(isFrozen: boolean, index: number): Promise<void> {
    const server = this.#scene.servers.servers[index];
    if (server?.pid === undefined) throw new Error(`server ${index} does not run`);
    if (isFrozen) process.kill(server.pid, 'SIGSTOP');
    else await server.kill();
    await this.#gotOn();
    if (isFrozen) process.kill(server.pid, 'SIGCONT');
    else await server.restart();
  }

  /** @param dials So many new connections show that its clients have noticed. Default 0. */
  async #throughClientProxy(disturb: (proxy: TcpProxy) => void, dials = 0): Promise<void> {
    const { clientProxy } = this.#scene;
    const noticed = clientProxy.dials + dials;
    disturb(clientProxy);
    await this.#gotOn();
    while (clientProxy.dials < noticed) await new Promise((resolve) => setTimeout(resolve, 20));
    clientProxy.heal();
  }

  async #throughProxy(disturb: (proxy: TcpProxy) => void): Promise<void> {
    const { proxy, nodes } = this.#scene;
    if (proxy.connections === 0) {
      // It has gone over to a server that it was told of.
      await nodes.kill(PROXIED);
      await nodes.start(PROXIED, [proxy.url]);
    }
    disturb(proxy);
    await this.#gotOn();
    proxy.heal();
    await this.#view((members) => members.includes(PROXIED));
  }

  #view(isWanted: (members: readonly string[]) => boolean): Promise<void> {
    const { client } = this.#scene;
    return new Promise((resolve) => {
      const look = () => {
        if (isWanted(client.view.members.map(({ id }) => id))) {
          subscription.unsubscribe();
          resolve();
        }
      };
      const subscription = client.onView(look);
      look();
    });
  }
}

function hash(seed: string, index: number): number {
  return Math.floor(new SeededRandom(`${seed}/${index}`).next() * 2 ** 32);
}
