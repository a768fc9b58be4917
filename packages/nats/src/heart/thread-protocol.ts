/** What the event loop and the heart's thread tell each other. Data that can be cloned. */
import type { ErrorData, Member } from '@jaegis/core';
import type { ConnectOptions } from '../connection/connect-options.ts';

export interface HeartThreadData {
  readonly cluster: string;
  readonly everyMs: number;
  readonly stalledAfterMs: number;
  readonly connect: Omit<ConnectOptions, 'logger' | 'clock'>;
  readonly memory: SharedArrayBuffer;
  /** Whether the actors run in the main thread of the process: only there an actor can be named. */
  readonly isMain: boolean;
}

export type ToHeart =
  | { readonly say: 'start'; readonly self: Member; readonly order: number }
  | { readonly say: 'missing'; readonly missing: readonly string[] }
  | { readonly say: 'stop' };

export type FromHeart =
  | { readonly say: 'started'; readonly order: number }
  | { readonly say: 'failed'; readonly order: number; readonly error: ErrorData }
  | {
      readonly say: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: string;
    };

/** By which the thread finds, in the main thread, who runs there. */
export function witnessKey(threadId: number): string {
  return `jaegis.heart.${threadId}`;
}
