/** A way to a server that can be slowed, swallowed and cut. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #delayMs = 0;
  #isSwallowing = false;
  #dials = 0;
  readonly #toServers = new Set<Socket>();

  private constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#server = createServer((client) => {
      this.#dials += 1;
      const server = connect({ host: hostname, port: Number(port) });
      this.#toServers.add(server);
      server.on('close', () => this.#toServers.delete(server));
      this.#forward(client, server);
      this.#forward(server, client);
    });
  }

  /** @param target The address of a server, `nats://host:port`. */
  static async to(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`; // it listens on TCP
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

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (data: Buffer) => {
      if (this.#isSwallowing) return;
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
