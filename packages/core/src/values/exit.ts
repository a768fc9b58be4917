import { type ErrorData, errorToData } from '../errors.ts';

/** Why an actor ended, as in OTP: `normal` when it was done, `shutdown` when it was told to, else a crash. */
export type Exit = { readonly kind: 'normal' } | { readonly kind: 'shutdown' } | Crash;

export interface Crash {
  readonly kind: 'crash';
  readonly error: unknown;
}

export const normalExit: Exit = { kind: 'normal' };
export const shutdownExit: Exit = { kind: 'shutdown' };

export function crashExit(error: unknown): Crash {
  return { kind: 'crash', error };
}

/** An exit as plain data, for inspection. */
export function exitToData(exit: Exit): { kind: Exit['kind']; error?: ErrorData } {
  return exit.kind === 'crash' ? { kind: exit.kind, error: errorToData(exit.error) } : { kind: exit.kind };
}
