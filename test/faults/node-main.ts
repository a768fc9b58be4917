/**
 * A node under fire, which says when a turn of it was refused because another writer came first. Arguments: its name, the
 * cluster, addresses of servers, and `unfenced` for one that appends after whatever is there: it is what the checks of the
 * histories must find. The last one is the number of replicas, if it is given. Ends when its parent is gone.
 */
import { hasCode, type Journal } from '@jaegis/core';
import { onParentGone } from 'jaegis';
import { app } from './app.ts';
import { startByHand } from './hand-made-node.ts';
import { turnsKept } from './turn-order.ts';

const [, , name = '', cluster = '', nats = '', fence, replicas] = process.argv;

onParentGone(() => process.exit(0));
const node = await startByHand({
  name,
  cluster,
  urls: nats.split(','),
  app,
  history: turnsKept,
  ...(replicas === undefined ? {} : { replicas: replicas === '3' ? 3 : 1 }),
  around: (ports) => ({
    ...ports,
    turnJournal: {
      ...reads(ports.turnJournal),
      append: fence === 'unfenced' ? unfenced(ports.turnJournal) : fenced(ports.turnJournal),
    },
  }),
});
process.once('SIGTERM', () => void node.stop().then(() => process.exit(0)));
console.log('ready');

function reads(inner: Journal): Omit<Journal, 'append'> {
  return {
    historyPerSubject: inner.historyPerSubject,
    last: (subject) => inner.last(subject),
    history: (...range) => inner.history(...range),
    subjects: (filter) => inner.subjects(filter),
  };
}

function fenced(inner: Journal): Journal['append'] {
  return async (subject, data, options) => {
    try {
      return await inner.append(subject, data, options);
    } catch (error) {
      if (hasCode(error, 'wrong_sequence')) console.log(`fenced ${entityOf(subject)}`);
      throw error;
    }
  };
}

function unfenced(inner: Journal): Journal['append'] {
  return async (subject, data, options) => {
    const newest = (await inner.last(subject))?.sequence ?? 0;
    const sequence = await inner.append(subject, data, { ...options, expectedSequence: newest });
    if (newest !== options.expectedSequence) console.log(`written over ${entityOf(subject)}`);
    return sequence;
  };
}

function entityOf(subject: string): string {
  return subject.split('.').slice(-2).join('/');
}
