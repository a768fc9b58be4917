/**
 * JSON text in devalue's form, for envelopes and records: readable in any NATS tool, bit-exact for numbers, as compact
 * as base64 for typed arrays. Keeps the obligations of the Codec port: what it takes comes back deep-equal.
 */
import { type Codec, CorruptRecordError, type ErrorData, errorFromData, errorToData } from '@jaegis/core';
import { parse, stringify } from 'devalue';
import { carriedTag, carriedView } from './carried.ts';
import { refusal } from './refusal.ts';

const reducers = { Error: (value: unknown) => value instanceof Error && errorToData(value) };
// What was encoded under this name came from errorToData; anything else is no record of ours and throws on the way.
const revivers = { Error: (value: ErrorData) => errorFromData(value) };
const options = { operations: { tagOf: carriedTag, viewInfo: carriedView } };

/**
 * Carries plain objects, arrays, Map, Set, Date, RegExp, URL, bigint, undefined, -0, NaN, typed arrays, buffers, cycles
 * and repeated references. An Error comes back as an Error with its name, message, code, data, stack and causes.
 */
export function jsonCodec(): Codec {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    encode(value) {
      try {
        return encoder.encode(stringify(value, reducers, options));
      } catch (error) {
        throw refusal(value, error);
      }
    },
    decode(bytes) {
      try {
        return parse(decoder.decode(bytes), revivers);
      } catch (cause) {
        throw new CorruptRecordError(`${bytes.length} bytes are not what this codec writes.`, { cause });
      }
    },
  };
}
