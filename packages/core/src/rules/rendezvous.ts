/**
 * Rendezvous (highest random weight) hashing, Thaler and Ravishankar 1998, with weights as Schindelhauer and Schomaker
 * 2005: every node that knows the same names picks the same owner without asking, and a name that comes, goes or changes
 * its weight moves only what it wins or loses by that.
 */

/** One that may own a key. */
export interface Contender {
  readonly id: string;
  /** Its part of the keys is its weight by that of all. Default 1; 0: it owns none. */
  readonly weight?: number;
}

/** The contender that owns the key; undefined when none has a weight. Order does not matter. */
export function rendezvousOwner<C extends Contender>(key: string, contenders: readonly C[]): C | undefined {
  return rendezvousOwners(1, contenders, ({ id }) => [rendezvousDraw(id, key)])[0];
}

/**
 * The owners of so many keys, by draws that are known already.
 * @param drawsOf What {@link rendezvousDraw} gives for the contender's id and each key.
 */
export function rendezvousOwners<C extends Contender>(
  keys: number,
  contenders: readonly C[],
  drawsOf: (contender: C) => ArrayLike<number>,
): (C | undefined)[] {
  const best = Array<C | undefined>(keys).fill(undefined);
  const scores = new Float64Array(keys);
  // Contender by contender, as their draws lie in memory.
  for (const contender of contenders) {
    const { id, weight = 1 } = contender;
    const draws = drawsOf(contender);
    for (let key = 0; key < keys; key++) {
      const score = weight / (draws[key] ?? Number.POSITIVE_INFINITY);
      const bestScore = scores[key] ?? 0;
      if (!(score > 0) || score < bestScore) continue;
      const other = best[key];
      if (score === bestScore && other !== undefined && id > other.id) continue;
      best[key] = contender;
      scores[key] = score;
    }
  }
  return best;
}

/**
 * What a name draws for a key: above 0, exponentially distributed, so that the smallest of draws divided by weights is of
 * each with the probability of its weight.
 */
export function rendezvousDraw(id: string, key: string): number {
  return -Math.log((hash32(`${id}\u0000${key}`) + 0.5) / 2 ** 32);
}

/** The shard of a key, in [0, shards). */
export function shardOf(key: string, shards: number): number {
  return hash32(key) % shards;
}

/** FNV-1a over UTF-16 code units, finished as MurmurHash3 does, so that short keys spread too. Unsigned 32 bits. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
