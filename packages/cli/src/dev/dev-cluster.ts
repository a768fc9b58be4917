/** What `jaegis dev` runs: servers, nodes, and who watches the files of the app. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import {
  describeServerEvent,
  findServer,
  hasCode,
  InvalidConfigError,
  type NatsServers,
  realClock,
  realHost,
  realRandom,
  startNode,
  startServers,
} from 'jaegis';
import { existingFile } from '../load-app.ts';
import type { Settings } from '../settings.ts';
import { AppWatch } from './app-watch.ts';
import { type AppCheck, checkApp } from './check-app.ts';
import { DevNodes, type NodeState } from './dev-nodes.ts';
import type { DevScreen } from './dev-screen.ts';
import { Reloading } from './reloading.ts';
import { Echoes, renderEvent, renderLogLine } from './render-lines.ts';

/** Where clients look by default. */
const usualPort = 4222;
const noApp = `Name an app by --app ./app.ts, a module whose default export is made by defineApp:

    import { defineActor, defineApp } from 'jaegis';
    const counter = defineActor('counter', {
      state: () => ({ total: 0 }),
      on: { add: (state) => ({ state: { total: state.total + 1 } }) },
    });
    export default defineApp({ entities: [counter] });
`;

export class DevCluster {
  readonly #settings: Settings;
  readonly #screen: DevScreen;
  /** Ended in the order of the last first. */
  readonly #started = new AsyncDisposableStack();
  #isStopping = false;
  #isFollowing = false;

  constructor(settings: Settings, screen: DevScreen) {
    this.#settings = settings;
    this.#screen = screen;
  }

  /** Never resolves: it is stopped. @throws InvalidConfigError for an app that cannot be used. */
  async run(): Promise<never> {
    const { app: named, nodes: count } = this.#settings;
    if (named === undefined) throw new InvalidConfigError(noApp, { data: { path: 'app' } });
    const app = existingFile(named);
    const { problem, files } = await checkApp(app);
    if (problem !== undefined) {
      throw new InvalidConfigError(`The app ${named} cannot be loaded:\n${problem}`, { data: { path: 'app' } });
    }
    const servers = await this.#serve();
    const names = Array.from({ length: count }, (_, index) => `n${index + 1}`);
    const nodes = this.#begin(new DevNodes(this.#nodeOptions(app, names, servers)));
    servers.onExit(({ error }) => this.#say(error.message));
    const watching = this.#watch(app, names, nodes);
    watching.add([app, ...files]);
    await Promise.all(names.map((name) => nodes.start(name)));
    this.#screen.plain(this.#howToConnect(servers));
    return new Promise<never>(() => {});
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#started.disposeAsync();
  }

  #say(text: string): void {
    this.#screen.say('dev', text);
  }

  /** What has begun when this is stopping ends at once. */
  #begin<Part extends AsyncDisposable>(part: Part): Part {
    if (!this.#started.disposed) return this.#started.use(part);
    void part[Symbol.asyncDispose]();
    return part;
  }

  async #serve(): Promise<NatsServers> {
    const { servers: count, port, keep } = this.#settings;
    const report = (event: Parameters<typeof describeServerEvent>[0]) => {
      if (event.type !== 'looking') this.#say(describeServerEvent(event));
    };
    const world = { host: realHost(), clock: realClock(), random: realRandom(), report };
    const path = world.host.env.NATS_SERVER;
    const binary = await findServer({ ...world, ...(path ? { path } : {}) });
    // What is kept is kept as in earnest; what is gone at the end need not reach the disk first.
    const store = keep === undefined ? { sync: '2m' } : { storeDir: resolve(keep) };
    const start = (given: { port?: number }) => startServers({ ...world, ...store, ...given, binary, count });
    if (port === 0) return this.#begin(await start({}));
    try {
      return this.#begin(await start({ port: port ?? usualPort }));
    } catch (error) {
      const isTaken =
        hasCode(error, 'invalid_config') && error instanceof InvalidConfigError && error.data.path === 'port';
      if (!isTaken || port !== undefined) throw error;
      this.#say(`port ${usualPort} is taken by another program, so the servers take others`);
      return this.#begin(await start({}));
    }
  }

  #nodeOptions(app: string, names: readonly string[], { urls }: NatsServers) {
    const { cluster, logLevel } = this.#settings;
    const threads = Math.max(1, Math.floor(availableParallelism() / names.length));
    const reached = ['--cluster', cluster, '--nats', urls.join(',')];
    return {
      flags: [...reached, '--app', app, '--threads', `${threads}`, '--log-level', logLevel],
      onLine: (name: string, line: string) => this.#screen.say(name, renderLogLine(line)),
      onState: (name: string, state: NodeState) => {
        this.#screen.is(name, state);
        // A client finds what nodes have made.
        if (state === 'running' && !this.#isFollowing) void this.#followEvents(urls);
      },
      say: (text: string) => this.#say(text),
    };
  }

  #watch(app: string, names: readonly string[], nodes: DevNodes): AppWatch {
    const check = async (): Promise<AppCheck> => {
      const found = await checkApp(app);
      watching.add(found.files);
      return found;
    };
    const reloading = new Reloading({
      names,
      check,
      replace: (name) => nodes.replace(name),
      say: (text) => this.#isStopping || this.#say(text),
    });
    const watching = this.#begin(new AppWatch(() => void reloading.changed()));
    return watching;
  }

  async #followEvents(urls: readonly string[]): Promise<void> {
    const { cluster } = this.#settings;
    this.#isFollowing = true;
    const options = { cluster, nats: urls, role: 'client', logLevel: 'silent' } as const;
    const client = await startNode(options).catch((error: Error) =>
      this.#say(`events are not shown: ${error.message}`),
    );
    if (!client) return;
    this.#begin(client);
    const echoes = new Echoes();
    client.onEvent((event) => {
      const text = renderEvent(event);
      if (text === undefined || echoes.isEcho(text, performance.now())) return;
      this.#screen.say(event.node, text);
    });
    const view = () => {
      const { epoch, members } = client.view;
      this.#say(`view ${epoch}: ${members.map(({ id, draining }) => (draining ? `${id} (draining)` : id)).join(' ')}`);
    };
    client.onView(view);
    view();
  }

  #howToConnect({ urls }: NatsServers): string {
    const { cluster, keep } = this.#settings;
    const nats = urls.join(',');
    const other = `--cluster ${cluster} --nats ${nats}`;
    return `
  cluster   ${cluster}
  connect   ${nats}
  look      npx jaegis tree ${other} --watch
  examine   npx jaegis doctor ${other}
  state     ${keep === undefined ? 'temporary; --keep <folder> keeps it' : resolve(keep)}
  end       Ctrl-C
`;
  }
}
