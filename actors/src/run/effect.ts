import type { CronTimes, EntityId, TraceContext } from '@jaegis/core';
import type { Message } from './protocol.ts';

/**
 * What a step of an actor wants done outside it. Effects are data until the step has succeeded (and, for a durable
 * entity, is committed): a step that crashed has sent nothing.
 */
export type Effect =
  | ({ readonly kind: 'tell'; readonly to: Teller; readonly message: Message } & Traced)
  | ({ readonly kind: 'send'; readonly to: EntityId; readonly message: Message } & Traced)
  | ({ readonly kind: 'schedule'; readonly name: string; readonly at: DueTime; readonly message: Message } & Traced)
  | { readonly kind: 'unschedule'; readonly name: string }
  | { readonly kind: 'announce'; readonly event: Announcement }
  /** Settles an ask that was deferred; with what, if it had an id. */
  | {
      readonly kind: 'answer';
      readonly run: () => void;
      readonly answered?: { readonly id: string; readonly reply: unknown } | undefined;
    }
  /** For behaviours around behaviours: the step has succeeded, and its state is the actor's. */
  | { readonly kind: 'accepted'; readonly run: () => void };

/** What the step belonged to that wanted it, while there is a tracer. */
export interface Traced {
  readonly trace?: TraceContext;
}

/** When a durable timer fires: a time in ms since 1970, or again and again. */
export type DueTime = { readonly atMs: number } | { readonly cron: CronTimes };

/** Any ref that takes the message. */
export interface Teller {
  readonly address: string;
  tell(message: Message): void;
}

/** Something observers may want to know: plain data, published to whoever listens, kept by nobody. */
export interface Announcement {
  readonly type: string;
  readonly [field: string]: unknown;
}
