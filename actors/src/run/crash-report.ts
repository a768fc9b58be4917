import { type ErrorData, type ExitReason, errorToData } from '@jaegis/core';
import type { FlightEntry } from './flight-recorder.ts';
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

/** A report as plain data, for the wire and for logs. */
export function crashToData(report: CrashReport): Omit<CrashReport, 'reason'> & { readonly reason: ErrorData } {
  return { ...report, reason: errorToData(report.reason) };
}
