/**
 * What goes into envelopes and records, to bytes and back.
 *
 * Obligations: what `encode` takes, `decode` gives back deep-equal, in any process. What cannot be carried (functions,
 * symbols, class instances) is refused by `encode` with `NotSerializableError`, which holds the path of the value.
 * Bytes that are not the codec's make `decode` throw `CorruptRecordError`.
 */
export interface Codec {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}
