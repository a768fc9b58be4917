/**
 * A node under fault: `node-main.ts NAME CLUSTER URLS`. Says `up` when its code is loaded and `ready` when it is a member.
 * A line of its standard input is the key of a counter that it asks here from then on, again and again, saying what
 * becomes of each ask: how a node behaves that nobody else can ask any more. An empty line ends that. It leaves the
 * cluster on SIGTERM, and ends when its input does.
 */
import { createInterface } from 'node:readline';
import { JaegisError, type JaegisNode, onSignals, startNode } from 'jaegis';
import { app, counter } from './app.ts';
import { monotonicMs } from './monotonic.ts';

const [, , name = '', cluster = '', urls = ''] = process.argv;

/** Between two asks, in ms. */
const EVERY_MS = 50;
/** Longer than a node that is cut off may take to refuse. */
const TIMEOUT_MS = 4_000;

/** What became of one ask that the node made to itself. */
export interface LocalAsk {
  readonly beganMs: number;
  readonly endedMs: number;
  /** `answered`, or the code of the error. */
  readonly outcome: string;
}

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function askHere(node: JaegisNode, key: string): Promise<void> {
  const beganMs = monotonicMs();
  const ask = node.entity(counter, key).ask({ type: 'read' }, { timeoutMs: TIMEOUT_MS });
  const outcome = await ask.then(
    () => 'answered',
    (error: unknown) => (error instanceof JaegisError ? error.code : String(error)),
  );
  say({ local: { beganMs, endedMs: monotonicMs(), outcome } satisfies LocalAsk });
}

say({ up: monotonicMs() });
const input = createInterface({ input: process.stdin });
input.once('close', () => process.exit(1));
const node = await startNode({ name, cluster, nats: urls.split(','), app, threads: 1, logLevel: 'error' });
say({ ready: monotonicMs() });
let asking: NodeJS.Timeout | undefined;
input.on('line', (key) => {
  clearInterval(asking);
  asking = key === '' ? undefined : setInterval(() => void askHere(node, key), EVERY_MS);
});
onSignals({ stop: () => void node.stop() });
const reason = await node.stopped;
if (reason) process.stderr.write(`${reason.code}: ${reason.message}\n`);
process.exit(reason ? 1 : 0);
