/**
 * What many answers are: nothing, yes, no or a whole number. They are read here without the library, which makes a view
 * of the memory for each value that it reads and takes ten times as long.
 */

/** Returned for bytes that hold something else. */
export const notSmall = Symbol('not small');

/** The value of these bytes of MessagePack, if it is one of the small ones. */
export function readSmall(bytes: Uint8Array): unknown {
  const head = bytes[0];
  switch (bytes.length) {
    case 1:
      return readOne(head);
    case 2:
      return head === 0xcc ? bytes[1] : notSmall;
    case 3:
      return head === 0xcd ? at(bytes, 1) * 2 ** 8 + at(bytes, 2) : notSmall;
    case 5:
      return head === 0xce
        ? at(bytes, 1) * 2 ** 24 + ((at(bytes, 2) << 16) | (at(bytes, 3) << 8) | at(bytes, 4))
        : notSmall;
    default:
      return notSmall;
  }
}

function readOne(head: number | undefined): unknown {
  if (head === undefined) return notSmall;
  if (head < 0x80) return head;
  if (head === 0xc0) return null;
  return head === 0xc2 || head === 0xc3 ? head === 0xc3 : notSmall;
}

/** Of a place that is within. */
function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
