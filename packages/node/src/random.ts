import { randomFillSync } from 'node:crypto';
import type { Random } from '@jaegis/core';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
/** The largest multiple of 36 in a byte: what lies above would make some characters likelier. */
const fairBelow = 252;

/** Chance from the operating system, drawn 4 KiB at a time. */
export function realRandom(): Random {
  const pool = Buffer.alloc(4096);
  let used = pool.length;

  function draw(bytes: number): number {
    if (used + bytes > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    return used - bytes;
  }

  function character(): string {
    for (;;) {
      const byte = pool.readUInt8(draw(1));
      if (byte < fairBelow) return alphabet.charAt(byte % alphabet.length);
    }
  }

  return {
    next() {
      const at = draw(8);
      const high = pool.readUInt32LE(at) >>> 5;
      const low = pool.readUInt32LE(at + 4) >>> 6;
      return (high * 2 ** 26 + low) / 2 ** 53;
    },
    id: () => Array.from({ length: 16 }, character).join(''),
  };
}
