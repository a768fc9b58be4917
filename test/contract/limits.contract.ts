/** What journals, inboxes and blobs do at their limits, and with what they cannot take, for any adapter. */
import type { InboxMessage, InboxStream, Journal } from '@jaegis/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytes, type InboxWishes, type JournalWishes, text, uniqueName, until, type World } from './world.ts';

export function limitsContract(adapter: string, makeWorld: () => World): void {
  describe(`limits, ${adapter}`, () => {
    const world = makeWorld();
    tooLarge(world);
    fullJournals(world);
    fullInboxes(world);
    badTargets(world);
    blobsThatExpire(world);
  });
}

async function openNew(world: World, wishes: Partial<JournalWishes & InboxWishes> = {}) {
  const connection = await world.connect();
  const options = (name: string) => ({ name, subjects: [`${name}.>`], ...wishes });
  const [log, box] = [uniqueName(), uniqueName()];
  return {
    connection,
    log,
    box,
    reopenInbox: (maxBytes?: number) =>
      connection.openInbox({ name: box, subjects: [`${box}.>`], ...(maxBytes === undefined ? {} : { maxBytes }) }),
    largest: connection.transport.maxPayload,
    journal: await connection.openJournal(options(log)),
    inbox: await connection.openInbox(options(box)),
  };
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error) => error.code,
  );

/** Appends to a subject that holds nothing. */
const append = (journal: Journal, subject: string, size: number) =>
  codeOf(journal.append(subject, new Uint8Array(size), { expectedSequence: 0 }));

const put = (inbox: InboxStream, subject: string, size: number) =>
  codeOf(inbox.put(subject, new Uint8Array(size), { id: uniqueName() }));

/** An hour from now. */
const later = (inbox: InboxStream, box: string, size: number) =>
  codeOf(inbox.schedule(`${box}.t`, new Uint8Array(size), { atMs: Date.UTC(2100, 0), target: `${box}.a` }));

const ids = (messages: readonly InboxMessage[]) => messages.map(({ data }) => data.length);

function tooLarge(world: World): void {
  test('a record above the largest size of a message is refused and not written, and the next is', async () => {
    const { journal, log, largest } = await openNew(world);
    expect(await append(journal, `${log}.a`, largest + 1)).toBe('not_serializable');
    expect(await journal.last(`${log}.a`)).toBeUndefined();
    expect(await append(journal, `${log}.a`, largest - 1_000)).toBe('done');
  });

  test('so are a message for an inbox and one that is scheduled', async () => {
    const { inbox, box, largest } = await openNew(world);
    expect(await put(inbox, `${box}.a`, largest + 1)).toBe('not_serializable');
    expect(await later(inbox, box, largest + 1)).toBe('not_serializable');
    expect(await inbox.read(`${box}.a`, 1, 10)).toEqual([]);
    expect(await put(inbox, `${box}.a`, largest - 1_000)).toBe('done');
    expect(await later(inbox, box, largest - 1_000)).toBe('done');
  });

  test('what is written around the data counts: data of the largest size is too large', async () => {
    const { journal, inbox, log, box, largest } = await openNew(world);
    expect(await append(journal, `${log}.a`, largest)).toBe('not_serializable');
    expect(await put(inbox, `${box}.a`, largest)).toBe('not_serializable');
    expect(await later(inbox, box, largest)).toBe('not_serializable');
  });
}

function fullJournals(world: World): void {
  test('a full journal refuses also what replaces all records of its subject, and has dropped nothing', async () => {
    const { journal, log } = await openNew(world, { maxBytes: 10_000 });
    const subject = `${log}.a`;
    await journal.append(subject, bytes('kept'), { expectedSequence: 0 });
    const second = await journal.append(subject, new Uint8Array(8_000), { expectedSequence: 1 });
    const replacing = journal.append(subject, new Uint8Array(8_000), { expectedSequence: second, replaces: true });
    expect(await codeOf(replacing)).toBe('overloaded');
    const kept: (string | undefined)[] = [];
    for await (const { data } of journal.history(subject)) kept.push(text(data.subarray(0, 4)));
    expect(kept).toEqual(['kept', '\0\0\0\0']);
    const small = journal.append(subject, bytes('small'), { expectedSequence: second, replaces: true });
    expect(await codeOf(small)).toBe('done');
    expect(await append(journal, `${log}.b`, 8_000)).toBe('done');
  });
}

function fullInboxes(world: World): void {
  test('a full inbox refuses messages and schedules, drops nothing, and takes them again when there is room', async () => {
    const { inbox, box } = await openNew(world, { maxBytes: 10_000 });
    const sizes = [4_001, 4_002, 4_003];
    const codes: string[] = [];
    for (const size of sizes) codes.push(await put(inbox, `${box}.a`, size));
    expect(codes).toEqual(['done', 'done', 'overloaded']);
    expect(await later(inbox, box, 4_000)).toBe('overloaded');
    expect(ids(await inbox.read(`${box}.a`, 1, 10))).toEqual([4_001, 4_002]);
    await inbox.remove(`${box}.a`, 1);
    while ((await put(inbox, `${box}.a`, 4_003)) !== 'done') await new Promise((resolve) => setImmediate(resolve));
    expect(ids(await inbox.read(`${box}.a`, 1, 10))).toEqual([4_002, 4_003]);
  });

  test('the bound of an inbox is one for all who have it open, and stays where it is opened without', async () => {
    const { inbox, box, reopenInbox } = await openNew(world, { maxBytes: 10_000 });
    expect([await put(inbox, `${box}.a`, 8_000), await put(inbox, `${box}.a`, 8_000)]).toEqual(['done', 'overloaded']);
    const unsaid = await reopenInbox();
    expect(await put(unsaid, `${box}.a`, 8_000)).toBe('overloaded');
    const raised = await reopenInbox(20_000);
    expect(await put(raised, `${box}.a`, 8_000)).toBe('done');
    expect(await put(raised, `${box}.a`, 8_000)).toBe('overloaded');
    await reopenInbox(30_000);
    while ((await put(inbox, `${box}.a`, 8_000)) !== 'done') await new Promise((resolve) => setImmediate(resolve));
  });
}

function badTargets(world: World): void {
  test('a schedule for a subject that the inbox does not hold, or for its own, is refused and does not appear', async () => {
    const { inbox, box } = await openNew(world);
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const seen: InboxMessage[] = [];
    const reading = (async () => {
      for await (const message of inbox.feed([`${box}.>`], stop.signal)) seen.push(message);
    })();
    for (const target of [`${uniqueName()}.a`, `${box}.t`]) {
      expect(await codeOf(inbox.schedule(`${box}.t`, bytes('never'), { atMs: 0, target }))).toBe('invalid_timer');
    }
    await inbox.schedule(`${box}.t`, bytes('rings'), { atMs: 0, target: `${box}.a` });
    await until(() => seen.length > 0);
    stop.abort();
    await reading;
    expect(seen.map(({ data }) => text(data))).toEqual(['rings']);
  });
}

function blobsThatExpire(world: World): void {
  test('bytes that are older than their bucket lets them be are gone', async () => {
    const connection = await world.connect();
    const [short, long] = [connection.openBlobs(uniqueName(), 1_000), connection.openBlobs(uniqueName())];
    for (const blobs of [short, long]) await blobs.put('a', bytes('1'));
    while ((await short.get('a')) !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(text(await long.get('a'))).toBe('1');
  });
}
