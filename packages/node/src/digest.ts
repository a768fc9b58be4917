import { createHash } from 'node:crypto';
import type { Digest } from '@jaegis/core';

/** SHA-256 as the platform computes it. */
export function sha256(): Digest {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
}
