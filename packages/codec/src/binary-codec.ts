/**
 * MessagePack for what it can carry, and the text of `json-codec.ts` for the rest: undefined, cycles, what is there
 * twice, errors. The first byte tells them apart: text begins with `[` or `-`, which in MessagePack are numbers of one
 * byte. Keeps the obligations of the Codec port.
 */
import { type Codec, CorruptRecordError } from '@jaegis/core';
import { Decoder, Encoder } from '@msgpack/msgpack';
import { isBinaryCarriable } from './carriable.ts';
import { extensions } from './extensions.ts';
import { jsonCodec } from './json-codec.ts';
import { notSmall, readSmall } from './small-values.ts';

const BRACKET = 0x5b;
const MINUS = 0x2d;

/** Reading a value may fail; the text codec says where. */
function isCarriable(value: unknown): boolean {
  try {
    return isBinaryCarriable(value);
  } catch {
    return false;
  }
}

/** The codec of the wire and of the journal: a third of the time and two thirds of the bytes of the JSON codec. */
export function binaryCodec(): Codec {
  const text = jsonCodec();
  const extensionCodec = extensions({
    encode: (value) => encoder.encode(value),
    decode: (data) => decoder.decode(data),
  });
  const encoder: Encoder<undefined> = new Encoder({ extensionCodec });
  const decoder: Decoder<undefined> = new Decoder({ extensionCodec });
  return {
    encode: (value) => (isCarriable(value) ? encoder.encode(value) : text.encode(value)),
    decode(bytes) {
      const small = readSmall(bytes);
      if (small !== notSmall) return small;
      const isText = bytes.length > 1 && (bytes[0] === BRACKET || bytes[0] === MINUS);
      if (isText) return text.decode(bytes);
      try {
        return decoder.decode(bytes);
      } catch (cause) {
        throw new CorruptRecordError(`${bytes.length} bytes are not what this codec writes.`, { cause });
      }
    },
  };
}
