import { stripVTControlCharacters } from 'node:util';
import colors from 'picocolors';

/** Columns as wide as their widest cell, those of numbers to the right. Colours count for nothing. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => widthOf(row[at]))));
  const isNumeric = heads.map((_, at) => rows.every((row) => /^[\d,]*(\.\d+)?( ?[%KMG]?B?)?$/.test(bare(row[at]))));
  const lay = (cells: readonly string[]) =>
    cells
      .map((cell, at) => {
        const blanks = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
        if (isNumeric[at]) return `${blanks}${cell}`;
        return at === cells.length - 1 ? cell : `${cell}${blanks}`;
      })
      .join('  ');
  return [colors.dim(lay(heads)), ...rows.map(lay)];
}

function widthOf(cell: string | undefined): number {
  return bare(cell).length;
}

function bare(cell: string | undefined): string {
  return stripVTControlCharacters(cell ?? '');
}
