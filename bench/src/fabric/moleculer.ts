/** The peer Moleculer: an action of another broker over the same NATS server, without logger and metrics. */
import { ServiceBroker } from 'moleculer';
import 'nats'; // which its transporter loads by name
import type { Session, Workloads } from '../harness/session.ts';
import { startResponder } from './responder.ts';
import { inFlight, medianMs } from './rounds.ts';
import { SERVER_VARIABLE } from './shared-server.ts';

function start(nodeID: string): ServiceBroker {
  // Its types know the names of transporters only; it takes the address of a NATS server too.
  const transporter = (process.env[SERVER_VARIABLE] ?? '') as 'NATS';
  return new ServiceBroker({ nodeID, logger: false, transporter, requestTimeout: 5_000 });
}

export async function respond(): Promise<void> {
  const broker = start('responder');
  let total = 0;
  broker.createService({
    name: 'counter',
    actions: {
      add({ params }: { params: { by: number } }) {
        total += params.by;
        return total;
      },
    },
  });
  await broker.start();
}

export const workloads: Workloads = {
  one: () => session((call, size) => medianMs(size, call)),
  many: () => session((call, size) => inFlight(256, size, call)),
};

async function session(round: (call: () => Promise<unknown>, size: number) => Promise<number>): Promise<Session> {
  const responder = await startResponder(import.meta.url);
  const broker = start('requester');
  await broker.start();
  await broker.waitForServices('counter');
  const close = async () => {
    await broker.stop();
    await responder.close();
  };
  return { round: (size) => round(() => broker.call('counter.add', { by: 1 }), size), close };
}
