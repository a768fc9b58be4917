import { InvalidDefinitionError } from '../errors.ts';

/** Names a durable entity in the whole cluster: its type and its key within the type. */
export interface EntityId {
  readonly type: string;
  readonly key: string;
}

/** `type/key`: the form in logs, trees and records. Types hold no `/`, so it can be split again. */
export function formatEntityId(id: EntityId): string {
  return `${id.type}/${id.key}`;
}

/** @throws InvalidDefinitionError when the text is not of the form `type/key`. */
export function parseEntityId(text: string): EntityId {
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1) {
    throw new InvalidDefinitionError(`Entity ${JSON.stringify(text)}: expected "type/key".`);
  }
  return { type: text.slice(0, slash), key: text.slice(slash + 1) };
}

/** A key as one token of a subject: what a token cannot hold becomes `=` and two hex digits a byte. */
export function keyToToken(key: string): string {
  return encodeURIComponent(key)
    .replace(/[.!'()*~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
    .replaceAll('=', '%3D')
    .replaceAll('%', '=');
}

/** The inverse of {@link keyToToken}. */
export function tokenToKey(token: string): string {
  return decodeURIComponent(token.replaceAll('=', '%'));
}
