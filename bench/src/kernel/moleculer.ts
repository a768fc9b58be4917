/** The peer Moleculer: a call within one broker, as in its own benchmark of local calls; no logger, no transporter. */
import { ServiceBroker } from 'moleculer';
import type { Workloads } from '../harness/session.ts';
import { oneByOne } from './flood.ts';

export const workloads: Workloads = {
  ask: async () => {
    const broker = new ServiceBroker({ logger: false, metrics: false, tracing: false });
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
  },
};
