/** One server by itself: whether it takes this client, what it is, how far it is and how its clock stands. */
import type { Clock } from '@jaegis/core';
import type { NatsConnection as Client } from '@nats-io/transport-node';
import { dial } from '../connection/connect.ts';
import type { ConnectOptions } from '../connection/connect-options.ts';
import { readingOf } from './clock-reading.ts';
import type { ClockReading, ServerFacts } from './facts.ts';

export interface Dialled {
  readonly url: string;
  readonly client?: Client;
  readonly error?: Error;
}

/** Of an odd number of round trips the middle one says how far it is. */
const roundTrips = 5;
const answerMs = 1_000;

/** To this server and no other. */
export async function dialOne(options: ConnectOptions, url: string): Promise<Dialled> {
  try {
    const alone = { reconnect: false, ignoreClusterUpdates: true };
    return { url, client: await dial({ ...options, servers: [url] }, alone) };
  } catch (error) {
    return { url, error: asError(error) };
  }
}

export async function describeServer({ url, client, error }: Dialled, clock: Clock): Promise<ServerFacts> {
  const info = client?.info;
  if (!client || !info) return { url, answers: false, error: error ?? new Error('It says nothing.') };
  try {
    const times: number[] = [];
    for (let trip = 0; trip < roundTrips; trip++) {
      const began = clock.monotonic();
      await client.flush();
      times.push(clock.monotonic() - began);
    }
    return {
      url,
      answers: true,
      name: info.server_name,
      version: info.version,
      cluster: info.cluster,
      knows: Math.max(1, info.connect_urls?.length ?? 0),
      jetStream: info.jetstream === true,
      maxPayload: info.max_payload,
      roundTripMs: times.toSorted((a, b) => a - b)[(roundTrips - 1) / 2] ?? 0,
      clock: await clockOf(client, clock),
    };
  } catch (cause) {
    return { url, answers: false, error: asError(cause) };
  }
}

/** A server tells a user who he is, and with it the time; where a user may not ask, streams tell theirs. */
async function clockOf(client: Client, clock: Clock): Promise<ClockReading | undefined> {
  try {
    const began = clock.monotonic();
    const answer = await client.request('$SYS.REQ.USER.INFO', '', { timeout: answerMs });
    const tookMs = clock.monotonic() - began;
    // Written by nats-server; what is missing is no time.
    const { server } = answer.json<{ server?: { time?: string } }>();
    return readingOf(server?.time, clock.now(), tookMs);
  } catch {
    return undefined;
  }
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
