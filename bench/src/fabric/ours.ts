/** Ours: an actor of another node. */
import type { Ref } from '@jaegis/actors';
import { defineActor, startNode } from 'jaegis';
import type { Session, Workloads } from '../harness/session.ts';
import { startResponder } from './responder.ts';
import { inFlight, medianMs, told } from './rounds.ts';
import { SERVER_VARIABLE } from './shared-server.ts';

const counter = defineActor('counter', {
  state: () => 0,
  on: { add: (total: number, { by }: { by: number }) => ({ state: total + by, reply: total + by }) },
});

const start = (name: string) => startNode({ nats: process.env[SERVER_VARIABLE] ?? '', cluster: 'bench', name });

export async function respond(): Promise<void> {
  const node = await start('responder');
  await node.spawn(counter, 'counter');
}

export const workloads: Workloads = {
  one: () => session((ref, size) => medianMs(size, () => ref.ask({ type: 'add', by: 1 }))),
  many: () => session((ref, size) => inFlight(256, size, () => ref.ask({ type: 'add', by: 1 }))),
  tell: () =>
    session((ref, size) =>
      told(
        size,
        () => ref.tell({ type: 'add', by: 1 }),
        () => ref.ask({ type: 'add', by: 1 }),
      ),
    ),
};

type Counter = Ref<NonNullable<(typeof counter)['protocol']>>;

async function session(round: (ref: Counter, size: number) => Promise<number>): Promise<Session> {
  const responder = await startResponder(import.meta.url);
  const node = await start('requester');
  const ref: Counter = node.actor('responder/user/counter');
  const close = async () => {
    await node.stop();
    await responder.close();
  };
  return { round: (size) => round(ref, size), close };
}
