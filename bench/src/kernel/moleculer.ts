/**
 * The peer Moleculer: a call within one broker, as in its own benchmark of local calls, with an action that is not
 * async. No logger, no transporter; metrics and tracing are off by default.
 */
import { ServiceBroker } from 'moleculer';
import type { Session, Workloads } from '../harness/session.ts';
import { oneByOne } from './flood.ts';

export const workloads: Workloads = {
  ask: () => calls(0),
  /** With the time limit that our asks have by default. */
  askWithin: () => calls(5_000),
};

async function calls(requestTimeout: number): Promise<Session> {
  const broker = new ServiceBroker({ logger: false, requestTimeout });
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
  return {
    round: (size) => oneByOne(size, () => broker.call('counter.add', { by: 1 })),
    close: () => broker.stop(),
  };
}
