/** Finds the least that still fails: Zeller and Hildebrandt's ddmin ("Simplifying and isolating failure-inducing input", 2002). */

export interface Shrunk<Item> {
  /** Fails, and none of its items can be left out alone; as far as the tries went. */
  readonly items: readonly Item[];
  readonly tries: number;
}

/**
 * @param items Of which the whole list fails.
 * @param fails Whether a part of the list, in its order, fails too.
 * @param mostTries Then what was found so far is the result.
 */
export async function shrink<Item>(
  items: readonly Item[],
  fails: (part: readonly Item[]) => Promise<boolean>,
  mostTries: number,
): Promise<Shrunk<Item>> {
  let left = items;
  let parts = 2;
  let tries = 0;
  const firstFailing = async (candidates: readonly (readonly Item[])[]) => {
    for (const candidate of candidates) {
      if (tries >= mostTries) return undefined;
      tries += 1;
      if (await fails(candidate)) return candidate;
    }
    return undefined;
  };
  if (await firstFailing([[]])) return { items: [], tries };
  while (left.length > 1 && tries < mostTries) {
    const pieces = split(left, parts);
    const piece = await firstFailing(pieces);
    if (piece !== undefined) {
      [left, parts] = [piece, 2];
      continue;
    }
    const whole = left;
    // With two parts what is left without one of them is the other one.
    const without =
      parts > 2 ? await firstFailing(pieces.map((gone) => whole.filter((item) => !gone.includes(item)))) : undefined;
    if (without !== undefined) [left, parts] = [without, Math.max(parts - 1, 2)];
    else if (parts >= left.length) break;
    else parts = Math.min(2 * parts, left.length);
  }
  return { items: left, tries };
}

function split<Item>(items: readonly Item[], parts: number): Item[][] {
  const at = (part: number) => Math.round((part * items.length) / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(at(part), at(part + 1)));
}
