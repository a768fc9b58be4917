/**
 * An ask whose answer comes later than its handler ends, from `context.defer()`. The first answer counts; an asker that
 * has given up is not told.
 */
export interface ReplyHandle {
  /** False once it is answered, timed out or cancelled. */
  readonly isOpen: boolean;
  reply(value: unknown): void;
  fail(error: unknown): void;
}
