/** What a request to an endpoint says: a JSON object, or nothing at all. */
import type { Message } from '@jaegis/actors';
import { InvalidMessageError } from '@jaegis/core';

export type Fields = Readonly<Record<string, unknown>>;

/** @throws InvalidMessageError */
export function fieldsOf(text: string): Fields {
  if (text.trim() === '') return {};
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields; // an object has fields
  throw wrong('', 'a JSON object');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidMessageError('The request is no JSON.', { cause, data: { path: '' } });
  }
}

export function textIn(fields: Fields, name: string, example: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  throw wrong(`.${name}`, `{"${name}": ${JSON.stringify(example)}}`);
}

/** A JSON object, or nothing. */
export function objectIfAny(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields; // as in fieldsOf
  throw wrong(`.${name}`, `{"${name}": {…}}`);
}

export function textIfAny(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw wrong(`.${name}`, `a text that is not empty as "${name}"`);
}

/** A whole number within bounds. */
export function countIn(
  fields: Fields,
  name: string,
  { most, otherwise }: { most: number; otherwise: number },
): number {
  const value = fields[name] ?? otherwise;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw wrong(`.${name}`, `a whole number from 1 to ${most} as "${name}"`);
}

export function messageIn(fields: Fields): Message {
  const { message } = fields;
  if (typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string') {
    return message as Message; // it has a type
  }
  throw wrong('.message', '{"message": {"type": …}}');
}

function wrong(path: string, expected: string): Error {
  return new InvalidMessageError(`Expected ${expected}.`, { data: { path } });
}
