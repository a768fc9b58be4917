import { InvalidConfigError } from '../errors.ts';

/** A node's name: unique in its cluster at any time, kept over restarts. Letters, digits, `-` and `_`. */
export type NodeId = string & { readonly __brand: 'NodeId' };

/** One life of a node: a restart under the same name has another incarnation. */
export type Incarnation = string & { readonly __brand: 'Incarnation' };

const TOKEN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** Whether the text can be one token of a subject: a letter or digit, then at most 62 of letters, digits, `-`, `_`. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && TOKEN.test(text);
}

/** @throws InvalidConfigError when the text is no node name. */
export function nodeId(text: string): NodeId {
  if (!isToken(text)) throw new InvalidConfigError(`Node name ${JSON.stringify(text)}: ${tokenRule}`);
  return text as NodeId; // checked on the line above
}

export function incarnation(text: string): Incarnation {
  return text as Incarnation; // made by Random.id() and opaque to everybody
}

export const tokenRule = 'use 1 to 63 letters, digits, "-" or "_", and begin with a letter or digit.';
