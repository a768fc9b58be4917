import { type JaegisError, NotSerializableError } from '@jaegis/core';

/** @param what `A reply`, `A message to node "a"`. */
export function tooLarge(what: string, bytes: number, most: number): JaegisError {
  return new NotSerializableError(`${what} has ${bytes} bytes; the server takes ${most}.`, {
    data: { bytes, maxPayload: most },
  });
}
