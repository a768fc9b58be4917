import { type DeadLetter, type ErrorData, errorToData, limits, roughSize } from '@jaegis/core';
import type { Message } from '../run/protocol.ts';

/** Of a message's error that is cut short, in characters. */
const SHORT = 1_000;

/** What is kept of a message that is given up: all of it where it is small, so that letters leave room for the state. */
export function deadLetter(id: string, message: Message, error: unknown): DeadLetter {
  const letter = { id, message, error: errorToData(error) };
  const bytes = roughSize(letter, limits.deadLetterBytes);
  if (bytes <= limits.deadLetterBytes) return letter;
  return { id, message: { type: message.type.slice(0, SHORT), isCut: true }, error: short(letter.error) };
}

function short({ name, message, code }: ErrorData): ErrorData {
  return { name: name.slice(0, SHORT), message: message.slice(0, SHORT), ...(code === undefined ? {} : { code }) };
}
