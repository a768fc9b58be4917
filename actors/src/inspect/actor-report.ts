/** One actor as a person wants to see it: what it is, does, waits for and did, and why it crashed. Plain data. */
import { type ErrorData, errorToData, type TreeNode, type WaitEdge } from '@jaegis/core';
import { ActorCell } from '../run/actor-cell.ts';
import { Ask, type Item } from '../run/ask.ts';
import type { CrashReport } from '../run/crash-report.ts';
import { type FlightEntry, modeForRecord } from '../run/flight-recorder.ts';
import type { Process } from '../run/process.ts';
import type { Message } from '../run/protocol.ts';
import { glance, plain, withoutStacks } from './plain.ts';

/** Whether states and the contents of messages are shown, or types alone. */
export type Depth = 'types' | 'contents';

/** `message` and `mode` only where contents are shown; a mode that is a text is always. */
export interface ShownMessage {
  readonly type: string;
  readonly message?: unknown;
  /** After it was handled, of actors that have modes. */
  readonly mode?: unknown;
}

export interface ShownCrash {
  /** Wall-clock time, ms since 1970. */
  readonly at: number;
  /** Which of its lives ended, from 1. */
  readonly incarnation: number;
  readonly error: ErrorData;
  /** What it was handling. */
  readonly handling?: ShownMessage;
  readonly asker?: string;
  readonly history: readonly ShownMessage[];
  readonly state?: unknown;
}

export interface ActorReport extends Omit<TreeNode, 'children' | 'peers'> {
  readonly address: string;
  /** Which of its lives this is, from 1. */
  readonly incarnation: number;
  /** The first of them, by id. */
  readonly children: readonly string[];
  readonly handling?: ShownMessage;
  /** Asks that the handler under way waits for. */
  readonly waitsFor: readonly { readonly to: string; readonly type: string }[];
  /** The first messages in the mailbox. */
  readonly waiting: readonly ShownMessage[];
  /** The last messages that it handled, oldest first: the flight recorder. */
  readonly history: readonly ShownMessage[];
  readonly links: readonly string[];
  /** Who watches it, and whom it watches. */
  readonly watchers: readonly string[];
  readonly watching: readonly string[];
  readonly names: readonly string[];
  readonly groups: readonly string[];
  readonly timers: number;
  readonly mode?: unknown;
  /** As the definition's `redact` shows it. */
  readonly state?: unknown;
  readonly lastCrash?: ShownCrash;
}

/** Of its mailbox, children and bonds. */
const SHOWN = 20;

export function actorReport(process: Process, crash: CrashReport | undefined, depth: Depth): ActorReport {
  const { children, peers: _, ...node } = process.inspect();
  const { bonds } = process;
  const addresses = (processes: Iterable<{ readonly address: string } | undefined>) =>
    [...processes].flatMap((one) => (one ? [one.address] : [])).slice(0, SHOWN);
  const cell = process instanceof ActorCell ? process : undefined;
  return {
    ...node,
    address: process.address,
    incarnation: process.incarnation,
    children: children.slice(0, SHOWN).map(({ id }) => id),
    waitsFor: [],
    waiting: [],
    history: [],
    links: addresses(bonds?.links ?? []),
    watchers: addresses([...(bonds?.watchers ?? [])].map(({ owner }) => owner)),
    watching: [...(bonds?.watching ?? [])].slice(0, SHOWN).map(({ target }) => target),
    names: [...(bonds?.names ?? [])],
    groups: [...(bonds?.groups ?? [])],
    timers: bonds?.timers.size ?? 0,
    ...(cell ? ofCell(cell, depth) : {}),
    ...(crash && cell ? { lastCrash: shownCrash(cell, crash, depth) } : {}),
  };
}

function ofCell(cell: ActorCell, depth: Depth): Partial<ActorReport> {
  const { behavior, state, kind } = cell;
  const show = shower(cell, depth);
  const { underWay } = cell;
  // Asleep, it has what it preserved.
  const kept = state ?? cell.cold?.kept?.state;
  const mode = behavior?.hasModes ? shownMode(modeForRecord(behavior, state), depth) : undefined;
  return {
    ...(kind.door === undefined ? {} : { policy: kind.door.view }),
    ...(underWay === undefined ? {} : { handling: show(underWay) }),
    waitsFor: waitsOf(cell.waits),
    waiting: cell.firstWaiting(SHOWN).map(show),
    history: cell.historyBefore(undefined).map((entry) => shownEntry(entry, depth)),
    ...(mode === undefined ? {} : { mode }),
    ...(depth === 'contents' && kept !== undefined ? { state: shownState(cell, kind.redact(kept)) } : {}),
  };
}

function shownCrash(cell: ActorCell, crash: CrashReport, depth: Depth): ShownCrash {
  const { at, incarnation, reason, message, neighbours, history, state } = crash;
  return {
    at,
    incarnation,
    error: withoutStacks(errorToData(reason)),
    // The report holds it as its definition shows it.
    ...(message === undefined ? {} : { handling: shownEntry({ message }, depth) }),
    ...(neighbours.asker === undefined ? {} : { asker: neighbours.asker }),
    history: history.map((entry) => shownEntry(entry, depth)),
    ...(depth === 'contents' ? { state: shownState(cell, state) } : {}),
  };
}

/** Of a state as the redaction left it: without one, in the form that the behaviour writes. */
function shownState({ kind, behavior }: ActorCell, state: unknown): unknown {
  if (kind.options.redact || !behavior) return plain(state, glance);
  try {
    return plain(behavior.serialize(state), glance);
  } catch {
    return plain(state, glance);
  }
}

function shower({ kind }: ActorCell, depth: Depth): (item: Item) => ShownMessage {
  return (item) => {
    const message = item instanceof Ask ? item.message : item;
    const { type } = message;
    return depth === 'types' ? { type } : { type, message: plain(kind.redact(message), glance) };
  };
}

/** What is recorded was redacted. */
function shownEntry({ message, mode }: FlightEntry, depth: Depth): ShownMessage {
  const after = mode === undefined ? undefined : shownMode(mode, depth);
  return {
    type: typeOf(message),
    ...(depth === 'types' ? {} : { message: plain(message, glance) }),
    ...(after === undefined ? {} : { mode: after }),
  };
}

function shownMode(mode: unknown, depth: Depth): unknown {
  if (typeof mode === 'string') return mode;
  return depth === 'contents' ? plain(mode, glance) : undefined;
}

/** A redaction may have left anything. */
function typeOf(message: Message | undefined): string {
  return typeof message === 'object' && message !== null && typeof message.type === 'string' ? message.type : '?';
}

function waitsOf(first: WaitEdge | undefined): { to: string; type: string }[] {
  const waits: { to: string; type: string }[] = [];
  for (let edge = first; edge && waits.length < SHOWN; edge = edge.nextWait) {
    waits.push({ to: edge.to?.address ?? '?', type: edge.message.type });
  }
  return waits;
}
