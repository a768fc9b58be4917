import {
  type Beat,
  decodeBeat,
  type Heart,
  incarnation,
  type Load,
  type Member,
  nodeId,
  sleep,
  type Transport,
} from '@jaegis/core';
import { realClock } from '@jaegis/node';
import { beforeEach, describe, expect, it } from 'vitest';
import { uniqueName, until, type World } from './world.ts';

const load: Load = { index: 7, epoch: 3, waiting: 2, heapBytes: 1_000, ready: false, missing: ['disk'] };

export function heartContract(name: string, makeWorld: () => World): void {
  describe(`heart: ${name}`, () => {
    const world = makeWorld();
    let cluster: string;
    let self: Member;
    let heart: Heart;
    /** Of the node, and of somebody else. */
    let own: Transport;
    let other: Transport;
    let beats: Beat[];

    beforeEach(async () => {
      cluster = uniqueName();
      self = { id: nodeId('n1'), incarnation: incarnation('n1-1') };
      const connection = await world.connect();
      own = connection.transport;
      other = (await world.connect()).transport;
      beats = [];
      other.subscribe(`jaegis.${cluster}.beat.n1`, ({ data }) => {
        const beat = decodeBeat(data);
        if (beat) beats.push(beat);
      });
      await other.flush();
      heart = connection.heart({ cluster, running: () => 'n1/user/busy' });
      await heart.start(self);
    });

    const saw = (isIt: (beat: Beat) => boolean) => until(() => beats.some(isIt));

    /** The first answer to a ping of this life: a beat, or undefined where nobody listens. */
    async function answerOf({ id, incarnation: life }: Member): Promise<Beat | undefined> {
      const answers: (Beat | undefined)[] = [];
      const replyTo = `jaegis.${cluster}.pong.x.${uniqueName()}`;
      const subscription = other.subscribe(replyTo, ({ data, noResponders }) => {
        answers.push(noResponders ? undefined : decodeBeat(data));
      });
      other.publish(`jaegis.${cluster}.node.${id}.${life}.ping`, new Uint8Array(), { replyTo });
      await until(() => answers.length > 0);
      subscription.unsubscribe();
      return answers[0];
    }

    it('beats as its life, with what the loop said last, and says how long the loop has not turned', async () => {
      await saw(({ incarnation: life }) => life === 'n1-1');
      heart.turn(load);
      await saw((beat) => beat.index === 7);
      expect(beats.find(({ index }) => index === 7)).toMatchObject({ ...load, id: 'n1', incarnation: 'n1-1' });
      await saw(({ loopMs }) => loopMs >= 500);
      heart.turn({ ...load, ready: true, missing: [] });
      await saw(({ ready, loopMs }) => ready && loopMs < 300);
    });

    it('says for how long nothing has come over the connection of the actors', async () => {
      await saw(({ loopMs, pathMs }) => loopMs < 100 && pathMs >= 0);
      const turning = setInterval(() => heart.turn(load), 20);
      await saw(({ pathMs }) => pathMs >= 400);
      beats.length = 0;
      own.publish(`jaegis.${cluster}.loop.n1.n1-1`, new Uint8Array());
      await saw(({ pathMs }) => pathMs < 200);
      clearInterval(turning);
    });

    it('answers pings with a beat, of its present life only', async () => {
      expect(await answerOf(self)).toMatchObject({ id: 'n1', incarnation: 'n1-1' });
      const next = { ...self, incarnation: incarnation('n1-2') };
      await heart.start(next);
      expect(await answerOf(next)).toMatchObject({ incarnation: 'n1-2' });
      expect(await answerOf(self)).toBeUndefined();
      await saw(({ incarnation: life }) => life === 'n1-2');
    });

    it('comes back with the servers, and says nothing then of how it was before', async () => {
      await saw(() => true);
      await world.loseServer();
      await sleep(realClock(), 50);
      heart.turn({ ...load, index: 8 });
      beats.length = 0;
      await world.restoreServer();
      await saw(({ index }) => index === 8);
      expect(beats[0]).toMatchObject({ index: 8 });
    });

    it('is silent once it is stopped', async () => {
      await saw(() => true);
      await heart.stop();
      expect(await answerOf(self)).toBeUndefined();
    });
  });
}
