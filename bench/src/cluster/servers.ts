/**
 * The NATS servers under the nodes, with what a test of faults wants to know of them and does with them: who leads which
 * stream, that another one leads, and what consumers and subscriptions there are.
 */
import { findServer, type NatsServer, type NatsServers, startServers } from '@jaegis/nats';
import { realClock, realHost, realRandom } from '@jaegis/node';
import { type JetStreamManager, jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { monotonicMs } from './monotonic.ts';
import { pause } from './steady-asks.ts';

/** Everybody who gives no name is of the account that has the streams; the system's own account tells of connections. */
const config = `accounts {
  APP { jetstream: enabled, users: [{ user: app, password: app }] }
  $SYS { users: [{ user: sys, password: sys }] }
}
no_auth_user: app
`;

/** What has not happened by then will not happen, in ms. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

/** What the servers hold for clients. */
export interface Held {
  readonly consumers: number;
  readonly subscriptions: number;
}

export class Servers {
  readonly #servers: NatsServers;
  readonly #app: NatsConnection;
  readonly #system: NatsConnection;
  readonly #manager: JetStreamManager;

  private constructor(servers: NatsServers, app: NatsConnection, system: NatsConnection, manager: JetStreamManager) {
    this.#servers = servers;
    this.#app = app;
    this.#system = system;
    this.#manager = manager;
  }

  static async start(count: 1 | 3): Promise<Servers> {
    const world = { host: realHost(), clock: realClock(), random: realRandom() };
    const path = world.host.env.NATS_SERVER;
    const binary = await findServer({ ...world, ...(path ? { path } : {}) });
    // What survives the machine is not what faults of processes ask.
    const servers = await startServers({ ...world, binary, count, config, sync: '2m' });
    const dial = { servers: [...servers.urls], maxReconnectAttempts: -1, reconnectTimeWait: 50 };
    const app = await connect({ ...dial, name: 'watcher' });
    const system = await connect({ ...dial, name: 'watcher', user: 'sys', pass: 'sys' });
    return new Servers(servers, app, system, await jetstreamManager(app));
  }

  get urls(): readonly string[] {
    return this.#servers.urls;
  }

  server(name: string): NatsServer {
    const server = this.all.find((each) => each.name === name);
    if (!server) throw new Error(`There is no server ${name}.`);
    return server;
  }

  get all(): readonly NatsServer[] {
    return this.#servers.servers;
  }

  async streams(): Promise<StreamInfo[]> {
    const all: StreamInfo[] = [];
    for await (const info of this.#manager.streams.list()) all.push(info);
    return all;
  }

  /** The server that most clients are connected to. */
  async busiest(): Promise<string> {
    let most = { name: '', clients: -1 };
    for await (const { server, data } of this.#ask<{ connections?: Connection[] }>('CONNZ', { limit: 1_000 })) {
      const clients = data.connections?.filter(({ name }) => name !== 'watcher').length ?? 0;
      if (clients > most.clients) most = { name: server.name, clients };
    }
    return most.name;
  }

  /** From when this resolves on all streams are led by this server, and all their followers are up to date. */
  async lead(name: string): Promise<void> {
    await this.#until(`${name} to lead all streams`, async () => {
      const others = (await this.streams()).filter(({ cluster }) => cluster?.leader !== name);
      const led = others.filter(({ cluster }) => cluster?.leader);
      for (const { config: stream } of led) await this.#stepDown(stream.name, name);
      return others.length === 0;
    });
    await this.#until(`${name} to lead the servers`, () => this.#leadAll(name));
    await this.settled();
  }

  /** Resolves when all streams have a leader and followers that are up to date. */
  async settled(): Promise<void> {
    await this.#until('all followers to be up to date', async () => {
      const streams = await this.streams();
      return streams.every(({ cluster, config: { num_replicas } }) => {
        const followers = cluster?.replicas?.filter(({ current, offline }) => current && !offline) ?? [];
        return cluster?.leader !== undefined && followers.length === num_replicas - 1;
      });
    });
  }

  /** When the stream whose name ends so has its next leader. */
  nextLeader(end: string): Promise<number> {
    return new Promise((resolve) => {
      const subscription = this.#app.subscribe('$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.>', {
        callback: (_, { subject }) => {
          if (!subject.endsWith(end)) return;
          subscription.unsubscribe();
          resolve(monotonicMs());
        },
      });
    });
  }

  /** Of all clients but this one. */
  async held(): Promise<Held> {
    const consumers = (await this.streams()).reduce((sum, { state }) => sum + state.consumer_count, 0);
    let subscriptions = 0;
    for await (const { data } of this.#ask<{ connections?: Connection[] }>('CONNZ', { limit: 1_000 })) {
      const clients = data.connections?.filter((each) => each.name !== 'watcher') ?? [];
      subscriptions += clients.reduce((sum, each) => sum + (each.subscriptions ?? 0), 0);
    }
    return { consumers, subscriptions };
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#app.close(), this.#system.close()]);
    await this.#servers.stop();
  }

  /** Asks the present leader to make room for this one; whether it did is seen later. */
  async #stepDown(stream: string, name: string): Promise<void> {
    const wish = JSON.stringify({ placement: { preferred: name } });
    await this.#app.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, wish, { timeout: 2_000 }).catch(() => {});
  }

  async #leadAll(name: string): Promise<boolean> {
    let hasLeader = false;
    for await (const { data } of this.#ask<{ meta_cluster?: { leader?: string } }>('JSZ', {})) {
      const leader = data.meta_cluster?.leader;
      if (leader === name) return true;
      hasLeader ||= leader !== undefined && leader !== '';
    }
    if (!hasLeader) return false;
    const wish = JSON.stringify({ placement: { preferred: name } });
    await this.#system.request('$JS.API.META.LEADER.STEPDOWN', wish, { timeout: 2_000 }).catch(() => {});
    return false;
  }

  async *#ask<Data>(what: string, options: object): AsyncGenerator<Told<Data>> {
    const subject = `$SYS.REQ.SERVER.PING.${what}`;
    const many = { strategy: 'count', maxMessages: this.all.length, maxWait: 1_000 } as const;
    for await (const answer of await this.#system.requestMany(subject, JSON.stringify(options), many)) {
      yield answer.json<Told<Data>>(); // written by nats-server
    }
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = monotonicMs() + PATIENCE_MS;
    while (!(await isSo().catch(() => false))) {
      if (monotonicMs() > deadline) throw new Error(`Waited ${PATIENCE_MS} ms in vain for ${what}.`);
      await pause(LOOK_MS);
    }
  }
}

interface Told<Data> {
  readonly server: { readonly name: string };
  readonly data: Data;
}

interface Connection {
  readonly name?: string;
  readonly subscriptions?: number;
}
