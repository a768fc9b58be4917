/**
 * How nats.js dials: with a transport that ends with a dial that has failed. Its own (3.4) closes only what has connected,
 * so a server that takes a connection and says nothing would keep the process alive. What still waits for TCP stays out of
 * reach, until the system gives it up.
 */
import {
  type NatsConnection,
  NatsConnectionImpl,
  type NodeConnectionOptions,
  setTransportFactory,
} from '@nats-io/transport-node';
// The package exports all but its transport.
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';

type Address = Parameters<NodeTransport['tlsFirst']>[0];

class EndingTransport extends NodeTransport {
  /** Over a socket that is known before the handshake is through, so that it can be ended. */
  override async tlsFirst(address: Address): ReturnType<NodeTransport['tlsFirst']> {
    this.socket = await this.dial(address);
    if (this.done) this.socket.destroy();
    return super.tlsFirst(address);
  }

  override async close(error?: Error): Promise<void> {
    if (this.connected) return super.close(error);
    this.done = true;
    this.socket?.destroy();
  }
}

/** As `connect` of nats.js, which would name its own transport. */
export function connectClient(options: NodeConnectionOptions): Promise<NatsConnection> {
  // For the whole process, as each `connect` of nats.js does: who else uses it is served by either.
  setTransportFactory({ factory: () => new EndingTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}
