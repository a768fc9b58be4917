/** The peer nats.js itself: requests and publishes of the same payload as text, without anything above it. */
import { connect } from '@nats-io/transport-node';
import type { Session, Workloads } from '../harness/session.ts';
import { startResponder } from './responder.ts';
import { inFlight, medianMs, told } from './rounds.ts';
import { SERVER_VARIABLE } from './shared-server.ts';

const SUBJECT = 'raw.counter';
const MESSAGE = JSON.stringify({ type: 'add', by: 1 });

const dial = () => connect({ servers: process.env[SERVER_VARIABLE] ?? '' });

export async function respond(): Promise<void> {
  const connection = await dial();
  let total = 0;
  connection.subscribe(SUBJECT, {
    callback: (_, message) => {
      total += message.json<{ by: number }>().by;
      if (message.reply) message.respond(JSON.stringify(total));
    },
  });
  await connection.flush();
}

export const workloads: Workloads = {
  one: () => session((ask, _, size) => medianMs(size, ask)),
  many: () => session((ask, _, size) => inFlight(256, size, ask)),
  tell: () => session((ask, tell, size) => told(size, tell, ask)),
};

type Round = (ask: () => Promise<unknown>, tell: () => void, size: number) => Promise<number>;

async function session(round: Round): Promise<Session> {
  const responder = await startResponder(import.meta.url);
  const connection = await dial();
  const ask = async () => (await connection.request(SUBJECT, MESSAGE)).json();
  const close = async () => {
    await connection.close();
    await responder.close();
  };
  return { round: (size) => round(ask, () => connection.publish(SUBJECT, MESSAGE), size), close };
}
