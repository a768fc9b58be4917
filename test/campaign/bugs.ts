/**
 * Bugs that are put between a node and its world, to show that a campaign finds them. The code of the node is as it is:
 * what it rests on breaks its word.
 */
import { decodeTurn, encodeTurn } from '@jaegis/actors';
import type { ClusterPorts } from '@jaegis/cluster';
import { hasCode, type Journal, type JournalRecord } from '@jaegis/core';

/** Changes the ports of one life of a node. */
export type Bug = (ports: ClusterPorts, life: { readonly name: string; readonly number: number }) => ClusterPorts;

/** The journal takes what it should refuse: who was replaced writes on. */
const skipTheFence: Bug = (ports) => {
  const { turnJournal } = ports;
  const append: Journal['append'] = async (subject, data, options) => {
    try {
      return await turnJournal.append(subject, data, options);
    } catch (error) {
      if (!hasCode(error, 'wrong_sequence')) throw error;
      const newest = await turnJournal.last(subject);
      return turnJournal.append(subject, data, { ...options, expectedSequence: newest?.sequence ?? 0 });
    }
  };
  return { ...ports, turnJournal: over(turnJournal, { append }) };
};

/** Who loads an entity does not see what it still has to send. */
const loseAnOutbox: Bug = (ports) => {
  const { turnJournal, codec } = ports;
  const last: Journal['last'] = async (subject) => {
    const record = await turnJournal.last(subject);
    return record && withoutOutbox(record, codec);
  };
  return { ...ports, turnJournal: over(turnJournal, { last }) };
};

function withoutOutbox(record: JournalRecord, codec: ClusterPorts['codec']): JournalRecord {
  return { ...record, data: encodeTurn(codec, { ...decodeTurn(codec, record), outbox: [] }) };
}

/** A node that starts again takes itself for the one that it was. */
const forgetAnIncarnation: Bug = (ports, { name }) => {
  const { random } = ports;
  let isFirst = true;
  const id = () => {
    const given = random.id();
    if (!isFirst) return given;
    isFirst = false;
    return `${name}always`.padEnd(given.length, '0');
  };
  return { ...ports, random: { next: () => random.next(), id } };
};

function over(journal: Journal, changed: Partial<Journal>): Journal {
  return {
    append: (...args) => journal.append(...args),
    last: (...args) => journal.last(...args),
    history: (...args) => journal.history(...args),
    subjects: (...args) => journal.subjects(...args),
    ...changed,
  };
}

export const bugs = {
  'skip the fence': skipTheFence,
  'lose an outbox': loseAnOutbox,
  'forget an incarnation': forgetAnIncarnation,
} as const satisfies Readonly<Record<string, Bug>>;

export type BugName = keyof typeof bugs;
