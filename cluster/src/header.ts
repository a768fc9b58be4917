/** The header of a request as bytes: one byte of flags, texts with their length before them, numbers of 64 bits. */
import { CorruptRecordError, NotSerializableError } from '@jaegis/core';

/** A text of so many bytes or more has its length in four bytes behind this one. */
const LONG = 255;
const NUMBER_BYTES = 8;
/** Requests up to this size are written into memory that is used again. */
const SHARED_BYTES = 4 * 1024;
/** Of texts that are remembered when they are read: the paths of actors, the names of nodes. */
const MOST_KNOWN_BYTES = 64;
const KNOWN = 512;

const encoder = new TextEncoder();
// A text may begin with U+FEFF.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const number = new DataView(new ArrayBuffer(NUMBER_BYTES));
const numberBytes = new Uint8Array(number.buffer);

/** Writes one header at a time. */
export class HeaderWriter {
  #bytes = new Uint8Array(SHARED_BYTES);
  #end = 0;

  begin(flags: number): void {
    // A long text has left larger memory behind, which is not kept.
    if (this.#bytes.length > SHARED_BYTES) this.#bytes = new Uint8Array(SHARED_BYTES);
    this.#bytes[0] = flags;
    this.#end = 1;
  }

  /** @param path What it is, for the error. @throws NotSerializableError for a half of a surrogate pair. */
  text(text: string, path: string): void {
    const { length } = text;
    if (length >= LONG || !this.#plain(text)) this.#anyText(text, path);
  }

  number(value: number): void {
    number.setFloat64(0, value);
    this.#reserve(NUMBER_BYTES);
    this.#bytes.set(numberBytes, this.#end);
    this.#end += NUMBER_BYTES;
  }

  /** The header and what follows it. The bytes are good until the next header begins. */
  end(body: Uint8Array): Uint8Array {
    this.#reserve(body.length);
    this.#bytes.set(body, this.#end);
    return this.#bytes.subarray(0, this.#end + body.length);
  }

  /** Whether it was one of ASCII alone, and is written. */
  #plain(text: string): boolean {
    const { length } = text;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let at = this.#end;
    bytes[at++] = length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#end = at;
    return true;
  }

  #anyText(text: string, path: string): void {
    if (!text.isWellFormed()) {
      throw new NotSerializableError(`The text at ${path} holds half of a surrogate pair.`, { data: { path } });
    }
    const encoded = encoder.encode(text);
    const { length } = encoded;
    this.#reserve(5 + length);
    if (length < LONG) {
      this.#bytes[this.#end++] = length;
    } else {
      this.#bytes[this.#end++] = LONG;
      number.setUint32(0, length);
      this.#bytes.set(numberBytes.subarray(0, 4), this.#end);
      this.#end += 4;
    }
    this.#bytes.set(encoded, this.#end);
    this.#end += length;
  }

  #reserve(length: number): void {
    const wanted = this.#end + length;
    if (wanted <= this.#bytes.length) return;
    const larger = new Uint8Array(wanted);
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

/** Reads one header at a time. */
export class HeaderReader {
  readonly #known = new KnownTexts();
  #bytes: Uint8Array = numberBytes;
  #at = 0;

  /** The flags. */
  begin(bytes: Uint8Array): number {
    this.#bytes = bytes;
    this.#at = 0;
    return bytes[this.#take(1)] as number; // within, as below
  }

  /** @throws CorruptRecordError when the bytes end before it does. */
  text(): string {
    const first = this.#bytes[this.#take(1)] as number;
    const length = first === LONG ? this.#long() : first;
    const at = this.#take(length);
    if (length <= MOST_KNOWN_BYTES) return this.#known.read(this.#bytes, at, length);
    return decoder.decode(this.#bytes.subarray(at, at + length));
  }

  /** @throws as {@link text} */
  number(): number {
    const at = this.#take(NUMBER_BYTES);
    for (let index = 0; index < NUMBER_BYTES; index++) numberBytes[index] = this.#bytes[at + index] as number;
    return number.getFloat64(0);
  }

  /** What follows the header. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  #long(): number {
    const at = this.#take(4);
    for (let index = 0; index < 4; index++) numberBytes[index] = this.#bytes[at + index] as number;
    return number.getUint32(0);
  }

  /** Where the next so many bytes begin. */
  #take(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) {
      throw new CorruptRecordError(`Not a request: its ${this.#bytes.length} bytes end within its header.`);
    }
    return at;
  }
}

interface KnownText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** Texts that were read before, each in the place that its bytes say: most requests name one that was just named. */
class KnownTexts {
  readonly #places: (KnownText | undefined)[] = new Array<KnownText | undefined>(KNOWN).fill(undefined);

  read(from: Uint8Array, at: number, length: number): string {
    const place = placeOf(from, at, length);
    const known = this.#places[place];
    if (known !== undefined && isAt(from, at, length, known.bytes)) return known.text;
    const bytes = from.slice(at, at + length);
    const text = decoder.decode(bytes);
    this.#places[place] = { bytes, text };
    return text;
  }
}

/** FNV-1a, to so many places. */
function placeOf(from: Uint8Array, at: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = at; index < at + length; index++) hash = Math.imul(hash ^ (from[index] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) & (KNOWN - 1);
}

function isAt(from: Uint8Array, at: number, length: number, bytes: Uint8Array): boolean {
  if (bytes.length !== length) return false;
  for (let index = 0; index < length; index++) if (from[at + index] !== bytes[index]) return false;
  return true;
}
