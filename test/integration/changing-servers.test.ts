/** What a node that loses its server keeps, on three real ones. */
import { sleep } from '@jaegis/core';
import { realClock } from '@jaegis/node';
import { defineActor, defineApp, startNode } from 'jaegis';
import { expect, test } from 'vitest';
import { withServers } from '../support/nats.ts';

const nats = withServers(3);

type Counter = {
  add: { message: { n: number }; reply: undefined };
  count: { message: object; reply: number };
};

test('what a node is told while its server dies and it goes to another one is handled in order, each once', async () => {
  const heard: number[] = [];
  const counter = defineActor('counter', {
    state: () => ({}),
    on: {
      add: (_state, { n }: { n: number }) => void heard.push(n),
      count: () => ({ reply: heard.length }),
    },
  });
  const app = defineApp({ actors: [{ definition: counter, name: 'counter' }] });
  const options = { cluster: 'changing', logLevel: 'silent', threads: 1 } as const;
  const [first, ...others] = nats.urls;
  await using _node = await startNode({ ...options, name: 'n1', nats: [first ?? '', ...others], app });
  await using client = await startNode({ ...options, name: 'c1', role: 'client', nats: others });
  const ref = client.actor<Counter>('n1/user/counter');
  let told = 0;
  const tell = () => ref.tell({ type: 'add', n: told++ });
  tell();
  expect(await ref.ask({ type: 'count' })).toBe(1);
  const killed = nats.servers[0]?.kill();
  for (let turn = 0; turn < 500; turn++) {
    tell();
    await sleep(realClock(), 1);
  }
  await killed;
  expect(await ref.ask({ type: 'count' }, { timeoutMs: 60_000 })).toBe(told);
  expect(heard).toEqual(Array.from({ length: told }, (_, n) => n));
  expect(client.system.deadLetters.list()).toEqual([]);
  await nats.servers[0]?.restart();
});
