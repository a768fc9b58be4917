/**
 * A node's process ends by SIGKILL right before and right after each await of the turn path, while it has work of every
 * kind; another node goes on. A turn's record holds the whole state, so that the append is also the snapshot; every other
 * one is a rollup. In the long form on three servers, each step at several times that the seed chooses.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ownerOf } from '@jaegis/cluster';
import { JaegisError, type JaegisNode, startNode } from 'jaegis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withServers } from '../../support/nats.ts';
import { between, chance, isLong, seed } from '../seed.ts';
import { app, ledger, notes } from './app.ts';
import { type Death, type Moment, type Step, steps } from './deadly.ts';

const main = fileURLToPath(new URL('deadly-main.ts', import.meta.url));
const cluster = 'steps';
/** Bookings after the death, and at most before it. */
const after = 3;
const most = 200;
/** Once each time that the entity wakes; all else comes by with each booking. */
const atWaking: readonly Step[] = ['load', 'answers'];
const rounds = isLong ? 4 : 1;
const random = chance('steps');
const deaths = Array.from({ length: rounds }, () =>
  steps.flatMap((step) =>
    (['before', 'after'] as const satisfies Moment[]).map((moment): Death => {
      const late = isLong ? between(random, 1, 12) : 3;
      return { step, moment, occurrence: atWaking.includes(step) ? 1 : late };
    }),
  ),
).flat();

describe(`an entity whose node dies, seed ${seed}`, () => {
  const nats = withServers(isLong ? 3 : 1);
  let keeper: JaegisNode;
  let client: JaegisNode;
  let count = 0;
  beforeAll(async () => {
    const common = { cluster, nats: [...nats.urls], logLevel: 'silent', threads: 1 } as const;
    keeper = await startNode({ ...common, name: 'keeper', app });
    client = await startNode({ ...common, name: 'client', role: 'client', app });
  });
  afterAll(async () => {
    await client?.stop();
    await keeper?.stop();
  });

  test.each(deaths)('$moment it does "$step" for time $occurrence has done everything once', async (death) => {
    const name = `${death.step}-${death.moment}-${++count}`;
    const keys = Array.from({ length: 12 }, (_, index) => `${name}-${index}`);
    // There is a record, so that the node that dies has something to load.
    await Promise.all(keys.map((key) => book(client, key, 'nobody', 0)));
    const dying = start(`dying-${name}`, nats.urls, death);
    try {
      await dying.ready;
      await joined(client, dying.name);
      const owned = (type: string, by: string) =>
        keys.find((key) => ownerOf({ type, key }, client.view)?.id === by) ?? expect.fail(`${by} owns no ${type}`);
      const key = owned('ledger', dying.name);
      const notesKey = owned('notes', 'keeper');
      let booked = 0;
      for (; !dying.hasEnded() && booked < most; booked++) await book(client, key, notesKey, booked + 1);
      expect(dying.hasEnded(), `it lives after ${booked} bookings`).toBe(true);
      expect(await dying.ended).toEqual([null, 'SIGKILL']);
      for (const end = booked + after; booked < end; booked++) await book(client, key, notesKey, booked + 1);
      const each = Array.from({ length: booked }, (_, index) => index + 1);
      const patient = { timeoutMs: 30_000 };
      const noted = () => client.entity(notes, notesKey).ask({ type: 'read' }, patient);
      await expect.poll(async () => sorted(await noted()), { timeout: 30_000 }).toEqual(each);
      const state = () => client.entity(ledger, key).ask({ type: 'read' }, patient);
      await expect.poll(async () => sorted((await state()).rung), { timeout: 30_000 }).toEqual([0, ...each]);
      expect(sorted((await state()).booked)).toEqual([0, ...each]);
    } finally {
      await dying.end();
    }
  });
});

/** Odd ones by ask, even ones by send; repeated until it is acknowledged. */
async function book(client: JaegisNode, key: string, notesKey: string, number: number): Promise<void> {
  const ref = client.entity(ledger, key);
  const message = { type: 'book', number, notesKey } as const;
  const id = `${key}-${number}`;
  for (;;) {
    try {
      if (number % 2 === 1) await ref.ask(message, { idempotencyKey: id, timeoutMs: 5_000 });
      else await ref.send(message, { id, timeoutMs: 5_000 });
      return;
    } catch (error) {
      if (!(error instanceof JaegisError)) throw error;
    }
  }
}

function start(name: string, urls: readonly string[], { step, moment, occurrence }: Death) {
  const args = [main, name, cluster, urls.join(','), 'keeper', step, moment, `${occurrence}`];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('it is a pipe');
  const ended = once(child, 'exit');
  const ready = once(createInterface({ input: child.stdout }), 'line');
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return { name, ready: Promise.race([ready, ended]), ended, hasEnded, end };
}

function joined(client: JaegisNode, name: string): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!client.view.members.some(({ id }) => id === name)) return;
      subscription.unsubscribe();
      resolve();
    };
    const subscription = client.onView(look);
    look();
  });
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
