/** Answers HTTP probes, as Kubernetes and load balancers ask them: a path for each, JSON with the reasons, 200 or 503. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { InvalidConfigError } from '@jaegis/core';

/** A histogram of the times between two turns of a timer, in ns. */
export interface Delay {
  readonly max: number;
  reset(): void;
}

export interface ProbeAnswer {
  readonly ok: boolean;
  /** Why not; empty where it is ok. */
  readonly reasons: readonly string[];
}

/** `/live`, `/ready` and `/started`. Called at each question; who throws is not ok. */
export interface Probes {
  live(): ProbeAnswer;
  ready(): ProbeAnswer;
  started(): ProbeAnswer;
}

export interface ProbeServerOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** The address to listen at. Default: all of this machine, since a kubelet asks from outside. */
  readonly host?: string;
  readonly probes: Probes;
}

export interface ProbeServer extends AsyncDisposable {
  readonly port: number;
}

/** How long one who asks may take to say what, in ms. */
const requestMs = 5_000;
const mostConnections = 64;
/** How often the event loop is looked at, in ms: one that is never late takes so long from one look to the next. */
const LOOK_MS = 20;

/**
 * Listens until it is disposed. It answers from the event loop, so that a loop which does not turn is one that does not
 * answer.
 *
 * @throws InvalidConfigError when it cannot listen there.
 */
export async function serveProbes({ port, host, probes }: ProbeServerOptions): Promise<ProbeServer> {
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  const server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs }, (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead) answer(request.url ?? '/', response, probes, delay);
    else response.writeHead(405, { allow: 'GET, HEAD' }).end();
  });
  server.maxConnections = mostConnections;
  await listen(server, port, host);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('A listening socket has no port.');
  const close = async () => {
    delay.disable();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port: bound.port, [Symbol.asyncDispose]: close };
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const where = `${host ?? 'any address'}, port ${port}`;
      reject(
        new InvalidConfigError(`The probes cannot be answered at ${where}: ${cause.message}. Choose another port.`, {
          cause,
          data: { path: 'probes.port', port },
        }),
      );
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  });
}

function answer(url: string, response: ServerResponse, probes: Probes, delay: Delay): void {
  const [path = ''] = url.split('?');
  const name = path.slice(1);
  if (!isProbe(name)) {
    send(response, 404, { ok: false, reasons: ['ask for /live, /ready or /started'] });
    return;
  }
  const said = ask(() => probes[name]());
  send(response, said.ok ? 200 : 503, name === 'live' ? { ...said, loopLateMs: worstSinceLast(delay) } : said);
}

function ask(probe: () => ProbeAnswer): ProbeAnswer {
  try {
    return probe();
  } catch (error) {
    return { ok: false, reasons: [error instanceof Error ? error.message : String(error)] };
  }
}

function isProbe(name: string): name is keyof Probes {
  return name === 'live' || name === 'ready' || name === 'started';
}

/** How late the event loop was at worst since somebody last asked, in ms. */
export function worstSinceLast(delay: Delay): number {
  const worst = Math.max(0, Math.round(delay.max / 1e6 - LOOK_MS));
  delay.reset();
  return worst;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}
