/**
 * Rendezvous (highest random weight) hashing, Thaler and Ravishankar 1998: every node that knows the same names picks
 * the same owner without asking, and a name that comes or goes moves only what it wins or held.
 */

/** The name with the highest score for the key; undefined when there are no names. Order does not matter. */
export function rendezvousOwner<Name extends string>(key: string, names: readonly Name[]): Name | undefined {
  let best: Name | undefined;
  let bestScore = -1;
  for (const name of names) {
    const score = hash32(`${name}\u0000${key}`);
    if (score > bestScore || (score === bestScore && best !== undefined && name < best)) {
      best = name;
      bestScore = score;
    }
  }
  return best;
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
