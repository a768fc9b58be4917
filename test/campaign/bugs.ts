/**
 * Bugs that are put between a node and its world, to show that a campaign finds them. The code of the node is as it is:
 * what it rests on breaks its word.
 */
import { decodeTurn, encodeTurn } from '@jaegis/actors';
import type { ClusterPorts } from '@jaegis/cluster';
import { type Delivery, hasCode, type Journal, type JournalRecord, type Transport } from '@jaegis/core';
import type { FaultKind } from './plan.ts';

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

/** Who asks whether others see the same hears that all of them do. */
const commitWithoutAMajority: Bug = (ports, { name }) => {
  const { codec } = ports;
  const transport = answering(ports.transport, (subject, data) => {
    if (!subject.endsWith('.consensus.agree')) return [];
    const { of } = codec.decode(data) as { readonly of: readonly unknown[] }; // the node's own question
    const by = { id: name, incarnation: '' };
    const observations = of.map((life) => ({ of: life, by, sees: 'silent', silentMs: 10_000, phi: 16 }));
    return everybody.map((id) => codec.encode({ by: id, observations }));
  });
  return { ...ports, transport };
};

/** Who wants to lead is given all votes, and takes a term whether or not the log lets it. */
const twoLeaders: Bug = (ports) => {
  const { codec, healthJournal } = ports;
  const transport = answering(ports.transport, (subject) => {
    return subject.endsWith('.consensus.vote') ? everybody.map((by) => codec.encode({ by, yes: true })) : [];
  });
  const append: Journal['append'] = async (subject, data, options) => {
    try {
      return await healthJournal.append(subject, data, options);
    } catch (error) {
      const { kind } = codec.decode(data) as { readonly kind: string }; // the node's own entry
      if (kind !== 'term' || !hasCode(error, 'wrong_sequence')) throw error;
      return options.expectedSequence + 1;
    }
  };
  return { ...ports, transport, healthJournal: over(healthJournal, { append }) };
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

/** The members of the clusters in which bugs are planted. */
const everybody = ['n1', 'n2', 'n3', 'n4', 'n5'] as const;

/** A transport that answers some requests itself, besides those who are asked. */
function answering(
  transport: Transport,
  answers: (subject: string, data: Uint8Array) => readonly Uint8Array[],
): Transport {
  const handlers: { readonly prefix: string; readonly handle: (delivery: Delivery) => void }[] = [];
  return {
    publish(subject, data, options = {}) {
      transport.publish(subject, data, options);
      const { replyTo } = options;
      if (replyTo === undefined) return;
      for (const answer of answers(subject, data)) {
        const { handle } = handlers.findLast(({ prefix }) => replyTo.startsWith(prefix)) ?? {};
        const delivery = { subject: replyTo, data: answer, replyTo: undefined, noResponders: false };
        void Promise.resolve().then(() => handle?.(delivery));
      }
    },
    subscribe(subject, handle, options) {
      if (subject.endsWith('.*')) handlers.push({ prefix: subject.slice(0, -1), handle });
      return transport.subscribe(subject, handle, options);
    },
    flush: () => transport.flush(),
    onStatus: (listener) => transport.onStatus(listener),
    onSlow: (listener) => transport.onSlow(listener),
    onRefused: (listener) => transport.onRefused(listener),
    get connected() {
      return transport.connected;
    },
    maxPayload: transport.maxPayload,
    close: () => transport.close(),
  };
}

function over(journal: Journal, changed: Partial<Journal>): Journal {
  return {
    historyPerSubject: journal.historyPerSubject,
    append: (...args) => journal.append(...args),
    last: (...args) => journal.last(...args),
    history: (...args) => journal.history(...args),
    subjects: (...args) => journal.subjects(...args),
    ...changed,
  };
}

/** With the faults that lead to where it is, so that no seed is spent on others. */
export const bugs = {
  'skip the fence': { bug: skipTheFence, kinds: ['hang', 'partition', 'swallow'] },
  'commit without a majority': { bug: commitWithoutAMajority, kinds: ['crash', 'hang', 'partition'] },
  'two leaders': { bug: twoLeaders, kinds: ['crash', 'hang'] },
  'lose an outbox': { bug: loseAnOutbox, kinds: ['crash', 'slow', 'loss', 'blackout'] },
  'forget an incarnation': { bug: forgetAnIncarnation, kinds: ['crash', 'restart'] },
} as const satisfies Readonly<Record<string, { readonly bug: Bug; readonly kinds: readonly FaultKind[] }>>;

export type BugName = keyof typeof bugs;
