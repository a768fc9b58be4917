/** A way to a server that can be slowed, swallowed and cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #delayMs = 0;
  #isSwallowing = false;
  #isOnlyWay = false;
  #dials = 0;
  readonly #toServers = new Set<Socket>();
  #targets: readonly string[];

  private constructor(targets: readonly string[]) {
    this.#targets = targets;
    this.#server = createServer((client) => {
      this.#dials += 1;
      this.#sockets.add(client);
      client.on('error', () => {});
      client.on('close', () => this.#sockets.delete(client));
      this.#serve(client, this.#targets);
    });
  }

  /** @param targets Addresses of servers, `nats://host:port`: each connection goes to the first that takes it. */
  static async to(...targets: readonly string[]): Promise<TcpProxy> {
    const proxy = new TcpProxy(targets);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on TCP
  }

  /** What servers tell clients of other servers is kept from them, so that they know no way around this one. */
  beTheOnlyWay(): this {
    this.#isOnlyWay = true;
    return this;
  }

  /** From now on, instead of those that it was made with. */
  retarget(targets: readonly string[]): void {
    this.#targets = targets;
  }

  /** Connections that were asked for so far, also while there is no server. */
  get dials(): number {
    return this.#dials;
  }

  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Everything arrives so much later, in order. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Nothing arrives any more, and nobody is told; what is swallowed is lost. */
  swallow(): void {
    this.#isSwallowing = true;
  }

  /** Nothing more is read from the servers on the present connections, so that it piles up there. */
  stall(): void {
    for (const socket of this.#toServers) socket.pause();
  }

  /** What piled up is read. */
  goOn(): void {
    for (const socket of this.#toServers) socket.resume();
  }

  /** All connections are reset; new ones are served. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** As at first, for new connections: those that were swallowed lack bytes, so they are reset. */
  heal(): void {
    this.#delayMs = 0;
    if (this.#isSwallowing) this.cut();
    this.#isSwallowing = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #serve(client: Socket, [target, ...others]: readonly string[]): void {
    if (target === undefined) {
      client.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(target);
    const server = connect({ host: hostname, port: Number(port) });
    this.#toServers.add(server);
    server.on('close', () => this.#toServers.delete(server));
    const next = () => this.#serve(client, others);
    server.once('error', next);
    server.once('connect', () => {
      server.removeListener('error', next);
      this.#forward(client, server);
      this.#forward(server, client);
      // It may have gone while the server was looked for.
      if (client.destroyed) server.destroy();
    });
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (data: Buffer) => {
      if (this.#isSwallowing) return;
      if (this.#isOnlyWay) hideServers(data);
      if (this.#delayMs === 0) to.write(data);
      else setTimeout(() => !to.destroyed && to.write(data), this.#delayMs);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}

const OTHERS = '"connect_urls"';
const HIDDEN = '"connect_none"';

/** In the server's description of itself, which is JSON: under another name nobody reads it. */
function hideServers(data: Buffer): void {
  const at = data.indexOf(OTHERS);
  if (at >= 0) data.write(HIDDEN, at);
}
