/**
 * The heart's own thread, with its own connection: it beats and answers while the event loop beside it stands still, and
 * says so. Named by file in `thread-heart.ts`. It needs no permission to end: a thread dies with its process.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ConnectFailedError, encodeBeat, errorToData, Heartbeat, type Logger, type Member } from '@jaegis/core';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { clientOptions } from '../connection/connect-options.ts';
import { connectClient } from '../connection/dialling.ts';
import { Link } from '../connection/link.ts';
import { culpritOf } from './loop-witness.ts';
import { SharedLoad, sharedNow } from './shared-load.ts';
import type { FromHeart, HeartThreadData, ToHeart } from './thread-protocol.ts';

const data = workerData as HeartThreadData; // given by ThreadHeart
const { cluster, everyMs, stalledAfterMs, isMain } = data;
/** The node is looked at so often between two beats, so that a change is said at once. */
const lookMs = everyMs / 2;
/** Who runs is asked a little before the loop counts as stalled, so that the name is there when it does. */
const askMs = (stalledAfterMs * 2) / 3;
const load = new SharedLoad(data.memory);

let link: Link | undefined;
let heart: Heartbeat | undefined;
let subscriptions: Subscription[] = [];
let missing: readonly string[] = [];
let turns = 0;
/** The turn whose culprit was asked for. */
let askedTurn = -1;
let looks = 0;
let wasStalled = false;

const tell = (message: FromHeart): void => parentPort?.postMessage(message);

const log =
  (level: 'debug' | 'info' | 'warn' | 'error') =>
  (message: string, fields: object = {}): void => {
    const plain = JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.message : value));
    tell({ say: 'log', level, message, fields: plain });
  };
const logger: Logger = {
  debug: log('debug'),
  info: log('info'),
  warn: log('warn'),
  error: log('error'),
  child: () => logger,
};

async function start(self: Member): Promise<void> {
  // A first attempt began with the thread; what it failed for may be over.
  link = await opening.catch(() => {
    opening = open();
    return opening;
  });
  const { connection } = link;
  const beating = new Heartbeat(self, sharedNow(), { stalledAfterMs, lookMs });
  for (const subscription of subscriptions) subscription.unsubscribe();
  const life = `${self.id}.${self.incarnation}`;
  subscriptions = [
    connection.subscribe(`jaegis.${cluster}.loop.${life}`, { callback: () => beating.heard(sharedNow()) }),
    connection.subscribe(`jaegis.${cluster}.node.${life}.ping`, {
      callback: (error, { reply }) => {
        if (error === null && reply) say(reply);
      },
    }),
  ];
  heart = beating;
  // Where the connection is lost at this moment the subscriptions come back with it.
  if (link.status === 'connected') await link.orLost(connection.flush()).catch(() => {});
}

async function open(): Promise<Link> {
  const made = new Link(await dial(), logger);
  // Whatever came over the actors' connection meanwhile could not be heard.
  made.onStatus(() => heart?.heard(sharedNow()));
  setInterval(look, lookMs);
  return made;
}

async function dial(): Promise<NatsConnection> {
  const { servers } = data.connect;
  try {
    return await connectClient(clientOptions({ ...data.connect, logger }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConnectFailedError(`The heart found no NATS server at ${servers.join(', ')} (${reason}).`, { cause });
  }
}

function look(): void {
  if (heart === undefined) return;
  see();
  const nowMs = sharedNow();
  if (isMain && heart.loopMs(nowMs) >= askMs && askedTurn !== turns) void name(heart, turns);
  const isStalled = heart.isStalled(nowMs);
  if (looks++ % 2 === 0 || isStalled !== wasStalled) beat();
  wasStalled = isStalled;
}

/** Takes in what the loop has written at its last turn. */
function see(): void {
  if (load.turns === turns) return;
  turns = load.turns;
  heart?.turned(load.turnedMs, { ...load.read(), ...(missing.length > 0 ? { missing } : {}) });
}

async function name(stalled: Heartbeat, turn: number): Promise<void> {
  askedTurn = turn;
  try {
    const culprit = await culpritOf(turn);
    if (heart !== stalled || load.turns !== turn) return;
    stalled.named(culprit);
    if (wasStalled) beat();
  } catch (error) {
    logger.debug('what keeps the event loop from turning cannot be found out', { error });
  }
}

function beat(): void {
  if (heart) say(`jaegis.${cluster}.beat.${heart.self.id}`);
}

/** Never kept for a connection that is lost: it would say later that all was well now. */
function say(subject: string): void {
  if (heart === undefined || link?.status !== 'connected') return;
  see();
  link.connection.publish(subject, encodeBeat(heart.beat(sharedNow())));
}

async function stop(): Promise<void> {
  await link?.close();
  process.exit(0); // of this thread only
}

let opening = open();
opening.catch(() => {});

parentPort?.on('message', (message: ToHeart) => {
  if (message.say === 'stop') {
    void stop();
  } else if (message.say === 'missing') {
    missing = message.missing;
  } else {
    const { order } = message;
    start(message.self).then(
      () => tell({ say: 'started', order }),
      (error: unknown) => tell({ say: 'failed', order, error: errorToData(error) }),
    );
  }
});
