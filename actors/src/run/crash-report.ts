import { type ErrorData, type ExitReason, errorToData } from '@jaegis/core';
import { Ask, type Item } from './ask.ts';
import type { FlightEntry } from './flight-recorder.ts';
import type { Inbox } from './inbox.ts';
import type { Message } from './protocol.ts';

/** What is known about the end of an actor that was not in order, as in OTP's crash reports. */
export interface CrashReport {
  readonly address: string;
  readonly type: string;
  /** Which of its lives this was, from 1. */
  readonly incarnation: number;
  readonly reason: ExitReason;
  /** The message it was handling, if it was handling one. */
  readonly message: Message | undefined;
  /** Its last good state. */
  readonly state: unknown;
  /** The messages it had handled before, oldest first. */
  readonly history: readonly FlightEntry[];
  /** Who may be touched by this: addresses. */
  readonly neighbours: Neighbours;
  /** Messages that wait. */
  readonly mailbox: number;
  /** Wall-clock time, ms since 1970. */
  readonly at: number;
}

export interface Neighbours {
  readonly links: readonly string[];
  readonly watchers: readonly string[];
  /** Who asked what it was handling. */
  readonly asker: string | undefined;
}

/** An actor as its reports show it. */
type Reported = Inbox & {
  readonly state: unknown;
  historyBefore(message: Message | undefined): readonly FlightEntry[];
};

export function crashReport(cell: Reported, reason: ExitReason, item: Item | undefined): CrashReport {
  const message = item instanceof Ask ? item.message : item;
  const { kind, bonds } = cell;
  return {
    address: cell.address,
    type: kind.type,
    incarnation: cell.incarnation,
    reason,
    message: message && (kind.redact(message) as Message), // what the definition makes of it
    state: kind.redact(cell.state),
    history: cell.historyBefore(message),
    neighbours: {
      links: [...(bonds?.links ?? [])].map(({ address }) => address),
      watchers: [...(bonds?.watchers ?? [])].flatMap(({ owner }) => (owner ? [owner.address] : [])),
      asker: item instanceof Ask ? item.from?.address : undefined,
    },
    mailbox: cell.length,
    at: cell.kernel.services.clock.now(),
  };
}

/** A report as plain data, for the wire and for logs. */
export function crashToData(report: CrashReport): Omit<CrashReport, 'reason'> & { readonly reason: ErrorData } {
  return { ...report, reason: errorToData(report.reason) };
}
