/** What the health log says, and when: a leader that dies, and a node whose event loop stands still. */
import { binaryCodec } from '@jaegis/codec';
import { connect, type Subscription } from '@nats-io/transport-node';
import type { blocker } from './app.ts';
import type { Ground } from './ground.ts';
import { monotonicMs } from './monotonic.ts';
import type { Fault } from './node-faults.ts';

/** A leader says that it leads much more often, in ms. */
const WORD_MS = 5_000;
/** How long the event loop stands still, in ms: less than the bound after which its entities are served elsewhere. */
const BLOCK_MS = 5_000;
const ACTOR = 'blocker';

/** From SIGKILL of the leader until the next change of a status is committed. */
export const leaderKilled: Fault = async (ground, asks) => {
  const words = await Words.of(ground);
  try {
    const victim = await words.leader();
    const lines = asks.of(victim);
    const atMs = ground.nodes.signal(victim, 'SIGKILL');
    const [committedMs] = await Promise.all([words.nextStatus(), asks.firstAnswers(lines, victim)]);
    await ground.nodes.ended(victim);
    await ground.start(victim);
    await ground.settled(asks);
    ground.assertAlive(victim);
    return [committedMs - atMs];
  } finally {
    await words.close();
  }
};

/** From when a handler begins to block until the cluster says so, with the actor's name. The node must stay a member. */
export const stalled: Fault = async (ground, asks) => {
  const victim = ground.nextVictim();
  const heard = ground.listen();
  const ref = ground.client.actor<NonNullable<(typeof blocker)['protocol']>>(`${victim}/user/${ACTOR}`);
  const atMs = monotonicMs();
  // Who is declared down is not heard any more, and that is said below.
  await ref.ask({ type: 'block', ms: BLOCK_MS }, { timeoutMs: 2 * BLOCK_MS }).catch(() => {});
  await ground.settled(asks);
  ground.assertAlive();
  const told = heard.find(({ event }) => {
    return event.type === 'node_stalled' && event.stalled === victim && `${event.actor ?? ''}`.includes(ACTOR);
  });
  if (!told) throw new Error(`Nobody said within ${BLOCK_MS} ms that ${victim} was held by the actor ${ACTOR}.`);
  return [told.atMs - atMs];
};

/** What members say to each other about the health log, as it is on the wire. */
class Words {
  readonly #connection: Awaited<ReturnType<typeof connect>>;
  readonly #cluster: string;

  private constructor(connection: Awaited<ReturnType<typeof connect>>, cluster: string) {
    this.#connection = connection;
    this.#cluster = cluster;
  }

  static async of({ servers, client }: Ground): Promise<Words> {
    return new Words(await connect({ servers: [...servers.urls], name: 'watcher' }), client.cluster);
  }

  leader(): Promise<string> {
    return this.#next<{ leader: { id: string } }, string>('leads', ({ leader }) => leader.id, WORD_MS);
  }

  /** When the next change of a status that is committed was heard of. */
  nextStatus(): Promise<number> {
    const when = ({ entry }: { entry: { kind: string } }) => (entry.kind === 'status' ? monotonicMs() : undefined);
    return this.#next('entry', when, 4 * WORD_MS);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #next<Word, Found>(word: string, find: (said: Word) => Found | undefined, withinMs: number): Promise<Found> {
    const codec = binaryCodec();
    const subject = `jaegis.${this.#cluster}.consensus.${word}`;
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(late);
        subscription.unsubscribe();
        settle();
      };
      const late = setTimeout(() => end(() => reject(new Error(`Nothing was said on ${subject}.`))), withinMs);
      const subscription: Subscription = this.#connection.subscribe(subject, {
        callback: (_, { data }) => {
          const found = find(codec.decode(data) as Word); // written by a member
          if (found !== undefined) end(() => resolve(found));
        },
      });
    });
  }
}
