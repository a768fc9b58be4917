/**
 * Turn records as bytes: sealed under `T`, a list in the cluster's codec. A list, and without what is empty at its end,
 * since names and empty fields would be most of a small turn.
 */
import {
  type Answered,
  type Codec,
  CorruptRecordError,
  type DurableTimer,
  type HandledMessages,
  JaegisError,
  type JournalRecord,
  MigrationRefusedError,
  NotSerializableError,
  type TraceContext,
  type TurnRecord,
  traceFromFields,
  traceToFields,
} from '@jaegis/core';
import { sealed, unsealed } from './sealed.ts';

const MARK = 0x54;
const FORMAT = 2;

/** @throws NotSerializableError with the path of what cannot be carried: `.state`, `.reply` or `.message` and from there. */
export function encodeTurn(codec: Codec, turn: TurnRecord): Uint8Array {
  return sealed(MARK, FORMAT, encodeList(codec, turn));
}

/**
 * @throws CorruptRecordError that says which record, and what is wrong with it; MigrationRefusedError for one that a
 * newer version of JAEGIS wrote, which is as good as it was.
 */
export function decodeTurn(codec: Codec, record: JournalRecord): TurnRecord {
  const given = unsealed(MARK, 'turn', record.data);
  if (!given.isWhole) throw corrupt(record, given.why);
  const { format, body } = given;
  if (format !== FORMAT) throw foreign(record, format);
  const list = codec.decode(body);
  if (!Array.isArray(list) || list.length < REQUIRED) throw corrupt(record, 'it is no list of fields');
  return turnOf(list);
}

function encodeList(codec: Codec, turn: TurnRecord): Uint8Array {
  try {
    return codec.encode(listOf(turn));
  } catch (cause) {
    if (!(cause instanceof JaegisError) || typeof cause.data.path !== 'string') throw cause;
    const { path } = cause.data;
    const where = places.reduce((text, [place, name]) => text.replace(place, name), path);
    const why = cause.message.replace(`value${path}`, where);
    throw new NotSerializableError(`Turn ${turn.turn} cannot be written: ${why}`, { cause, data: { path: where } });
  }
}

/** Of {@link listOf}, what comes from users, by the names that they know. */
const places: readonly (readonly [RegExp, string])[] = [
  [/^\[5\]/, '.state'],
  [/^\[6\]\[\d+\]\[1\]/, '.reply'],
  [/^\[(11|14)\]\[\d+\]\[3\]/, '.message'],
];

/** Fields that every record has. */
const REQUIRED = 6;

function listOf(turn: TurnRecord): unknown[] {
  const answered = turn.answered.map(answeredFields);
  const { nextOut, seen, outbox, sent, consumed, deadLetters, inbox } = turn;
  const list = [
    turn.turn,
    turn.writer,
    turn.node,
    turn.version,
    turn.busy,
    turn.state,
    answered,
    nextOut,
    seen,
    consumed,
    sent,
    outbox.map(({ number, to, message, trace }) => [number, to.type, to.key, message, ...traceToFields(trace)]),
    deadLetters,
    inbox.upTo === 0 && inbox.ahead.length === 0
      ? []
      : [inbox.upTo, ...inbox.ahead.flatMap(({ sequence, previous }) => [sequence, previous])],
    turn.timers.map(timerFields),
    // One flat list: most turns handle one message, or many of one kind.
    turn.handled.flatMap(({ type, from, count }) => [type, from ?? '', count]),
    turn.past ?? [],
  ];
  while (list.length > REQUIRED && isDefault(list.at(-1))) list.pop();
  return list;
}

function isDefault(value: unknown): boolean {
  return value === 1 || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

type Fields = readonly [
  turn: number,
  writer: string,
  node: string,
  version: number,
  busy: boolean,
  state: unknown,
  answered?: readonly (readonly [id: string, reply?: unknown, isOwed?: 1])[],
  nextOut?: number,
  seen?: TurnRecord['seen'],
  consumed?: readonly string[],
  sent?: readonly string[],
  outbox?: readonly (readonly [number: number, type: string, key: string, message: unknown, ...trace: string[]])[],
  deadLetters?: TurnRecord['deadLetters'],
  inbox?: readonly number[],
  timers?: readonly TimerFields[],
  handled?: readonly (string | number)[],
  past?: Uint8Array | readonly [],
];

type TimerFields = readonly [
  name: string,
  id: string,
  atMs: number,
  message: unknown,
  pattern?: string | undefined,
  timezone?: string | undefined,
  ...trace: string[],
];

function timerFields({ name, id, atMs, message, cron, trace }: DurableTimer): TimerFields {
  return [name, id, atMs, message, cron?.pattern, cron?.timezone, ...traceToFields(trace)];
}

function turnOf(list: readonly unknown[]): TurnRecord {
  // Written by encodeTurn, as the checksum says.
  const [turn, writer, node, version, busy, state, answered = [], nextOut = 1, seen = {}, ...rest] = list as Fields;
  const [consumed = [], sent = [], outbox = [], deadLetters = [], inbox = [], timers = [], handled = [], past] = rest;
  return {
    turn,
    writer,
    node,
    version,
    busy,
    state,
    answered: answered.map(([id, reply, isOwed]) =>
      isOwed === undefined ? { id, reply } : { id, reply: undefined, isOwed: true },
    ),
    nextOut,
    seen,
    consumed,
    sent,
    outbox: outbox.map(([number, type, key, message, ...trace]) => ({
      number,
      to: { type, key },
      message,
      ...tracedOf(trace),
    })),
    deadLetters,
    inbox: inboxOf(inbox),
    timers: timers.map(timerOf),
    handled: handledOf(handled),
    ...(past instanceof Uint8Array ? { past } : {}),
  };
}

function handledOf(flat: readonly (string | number)[]): HandledMessages[] {
  return Array.from({ length: flat.length / 3 }, (_, index) => {
    const [type, from, count] = flat.slice(3 * index, 3 * index + 3);
    return { type: String(type), from: from === '' ? undefined : String(from), count: Number(count) };
  });
}

function inboxOf([upTo = 0, ...pairs]: readonly number[]): TurnRecord['inbox'] {
  const ahead = Array.from({ length: pairs.length / 2 }, (_, index) => ({
    sequence: pairs[2 * index] ?? 0,
    previous: pairs[2 * index + 1] ?? 0,
  }));
  return { upTo, ahead };
}

function tracedOf([traceparent, tracestate]: readonly string[]): { readonly trace?: TraceContext } {
  const trace = traceFromFields(traceparent, tracestate);
  return trace === undefined ? {} : { trace };
}

function timerOf([name, id, atMs, message, pattern, timezone, ...trace]: TimerFields): DurableTimer {
  // JSON knows no undefined.
  const zone = timezone ?? undefined;
  const cron = pattern ? { pattern, ...(zone === undefined ? {} : { timezone: zone }) } : undefined;
  return { name, id, atMs, message, cron, ...tracedOf(trace) };
}

function foreign({ subject, sequence }: JournalRecord, format: number): Error {
  return new MigrationRefusedError(
    `The record ${sequence} of ${subject} has format ${format}; this node knows ${FORMAT}. Another version of JAEGIS wrote it.`,
    { data: { subject, sequence, format } },
  );
}

function corrupt({ subject, sequence }: JournalRecord, why: string): Error {
  return new CorruptRecordError(`The record ${sequence} of ${subject} cannot be read: ${why}.`, {
    data: { subject, sequence, why },
  });
}

function answeredFields({ id, reply, isOwed }: Answered): readonly unknown[] {
  if (isOwed) return [id, null, 1];
  return reply === undefined ? [id] : [id, reply];
}
