/** Two nodes in a world in memory, whose wires can be cut. */
import type { Ask, Message } from '@jaegis/actors';
import { binaryCodec } from '@jaegis/codec';
import {
  type Blobs,
  type Clock,
  incarnation,
  type Member,
  type NetworkBounds,
  nodeId,
  silentLogger,
  type Transport,
} from '@jaegis/core';
import { createSimWorld } from '@jaegis/sim';
import type { Target } from './envelope.ts';
import type { ReturnedTells } from './given-back.ts';
import { Wire, type WireOptions } from './wire.ts';

/** With any fields. */
export type Any = Message & Record<string, unknown>;
export type Receive = (to: Target, message: Any, ask: Ask | undefined) => void;

export const member = (name: string): Member => ({ id: nodeId(name), incarnation: incarnation('1') });
export const [here, there] = [member('here'), member('there')];
export const asking = (message: Any, leftMs = 5_000) => ({ to: '/user/a', message, leftMs, id: undefined });

/** Two nodes; what the other one does is the test's. Counts the packets that come to it. */
export async function pair(
  receive: Receive,
  maxPayload?: number,
  limits: Pick<WireOptions, 'windowBytes' | 'waitingBytes' | 'signalReturned' | 'onSignal'> = {},
  network?: (clock: Clock) => NetworkBounds,
) {
  const world = createSimWorld({ seed: 1, ...(maxPayload === undefined ? {} : { maxPayload }) });
  const packets: number[] = [];
  const returned: ReturnedTells[] = [];
  const transports: Transport[] = [];
  const blobs = {
    kept: world.storage.blobs('LARGE'),
    refuse: undefined as Error | undefined,
    before: Promise.resolve(),
    fetching: 0,
    mostFetching: 0,
  };
  const wire = (name: string, take: Receive) => {
    const connection = world.connect(name);
    const { transport } = connection;
    const store = connection.blobs({ name: 'LARGE' });
    const put: Blobs['put'] = async (key, bytes) => {
      await blobs.before;
      if (blobs.refuse) throw blobs.refuse;
      await store.put(key, bytes);
    };
    const get: Blobs['get'] = async (key) => {
      blobs.mostFetching = Math.max(blobs.mostFetching, ++blobs.fetching);
      return store.get(key).finally(() => blobs.fetching--);
    };
    transports.push(transport);
    const codec = binaryCodec();
    const random = world.random.fork(name);
    return new Wire({
      cluster: 'c',
      node: name,
      transport,
      blobs: { put, get, remove: (key) => store.remove(key), names: () => store.names() },
      codec,
      clock: world.clock,
      random,
      logger: silentLogger,
      ...limits,
      ...(network ? { network: network(world.clock) } : {}),
      giveBack: (tells) => returned.push(tells),
      receive: ({ to, message }, ask) => take(to, message as Any, ask),
    });
  };
  const [mine, theirs] = [wire('here', () => {}), wire('there', receive)];
  mine.open(here);
  theirs.open(there);
  const spy = world.connect('spy').transport;
  spy.subscribe('jaegis.c.node.there.1.in', ({ data }) => packets.push(data.length));
  await world.clock.runUntilSettled(Promise.all([...transports, spy].map((transport) => transport.flush())));
  return { world, mine, theirs, packets, returned, transports, blobs };
}

export const echo: Receive = (_to, message, ask) => ask?.reply(message);
