/** Whichever word is likely to be meant by one that is mistyped: few letters apart; undefined where none is near. */
export function nearest(typed: string, words: readonly string[]): string | undefined {
  const most = Math.min(3, Math.floor(typed.length / 2));
  const near = words.map((word) => ({ word, apart: editsBetween(typed, word) })).filter(({ apart }) => apart <= most);
  return near.toSorted((a, b) => a.apart - b.apart)[0]?.word;
}

/** Letters that are put in, taken out or changed at least (Levenshtein), row by row of the table. */
function editsBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...from].entries()) {
    const present = [row + 1];
    for (const [column, other] of [...to].entries()) {
      const [left = 0, over = 0, before = 0] = [present[column], above[column + 1], above[column]];
      present.push(Math.min(left + 1, over + 1, before + (letter === other ? 0 : 1)));
    }
    above = present;
  }
  return above.at(-1) ?? 0;
}
