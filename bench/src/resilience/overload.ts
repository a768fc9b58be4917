/** What a server answers in time while clients ask for three times as much as it can do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Session, Workloads } from '../harness/session.ts';

const main = fileURLToPath(new URL('overload-server.ts', import.meta.url));

/** Clients give up then. */
const PATIENCE_MS = 250;
/** Three times the 200 that 4 at once in 20 ms each come to. */
const OVERLOAD_RATE = 600;
/** Enough to keep a server busy, of which none ever waits for another. */
const ENOUGH = 6;

/** Whether the answer came in time, and was what was asked for. */
function isAnswered(port: number, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200));
      response.once('error', () => resolve(false));
    });
    request.once('error', () => resolve(false));
  });
}

type Load = (durationMs: number, ask: () => Promise<void>) => Promise<unknown>;

/** Requests are sent when they are due, whatever becomes of those before them. */
const overload: Load = async (durationMs, ask) => {
  const beganMs = performance.now();
  const asked: Promise<void>[] = [];
  let dueMs = beganMs;
  while (dueMs < beganMs + durationMs) {
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += 1_000 / OVERLOAD_RATE) asked.push(ask());
    await wait(1);
  }
  await Promise.all(asked);
};

/** Each asks again when it has its answer. */
const enough: Load = (durationMs, ask) => {
  const endMs = performance.now() + durationMs;
  const clients = Array.from({ length: ENOUGH }, async () => {
    while (performance.now() < endMs) await ask();
  });
  return Promise.all(clients);
};

/** Answers in time a second, of a server that is new in each round: nothing is left of what others asked. */
function goodput(kind: 'guarded' | 'bare', load: Load): Session {
  return {
    round: async (durationMs) => {
      const server = spawn(process.execPath, [main, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
      const agent = new Agent({ keepAlive: true });
      try {
        const [port] = await once(createInterface({ input: server.stdout }), 'line');
        let answered = 0;
        await load(durationMs, async () => {
          if (await isAnswered(Number(port), agent)) answered += 1;
        });
        return answered / (durationMs / 1_000);
      } finally {
        agent.destroy();
        const ended = once(server, 'exit');
        server.kill('SIGKILL');
        await ended;
      }
    },
  };
}

export const workloads: Workloads = {
  guarded: () => goodput('guarded', overload),
  without: () => goodput('bare', overload),
  capacity: () => goodput('bare', enough),
};
