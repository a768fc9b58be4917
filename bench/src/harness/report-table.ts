/** A report as a table for the terminal. */
import { figure, spreadText } from './figure.ts';
import type { Report, Row } from './report.ts';
import { goalText } from './verdict.ts';

export function reportTable({ suite, machine, rows }: Report): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const about = `${suite} on ${machine.cores} × ${machine.cpu}, ${machine.memoryGB} GB, ${machine.os}; ${versions.join(', ')}`;
  const header = ['row', 'unit', 'who', 'median', 'min to max', 'ours ÷ it', 'goal', 'met'];
  return `${[about, '', ...aligned([header, ...rows.flatMap(linesOf)])].join('\n')}\n`;
}

function linesOf(row: Row): string[][] {
  const { name, unit, ours, peers, documented = {}, ratio, met, error, note } = row;
  if (!ours) return [[name, unit, 'ours', `failed: ${error}`]];
  const goal = goalText(row);
  const verdict = goal === '' ? '' : met === null ? 'unknown' : met ? 'yes' : 'no';
  return [
    [name, unit, 'ours', figure(ours.median), spreadText(ours), '', goal, verdict],
    ...Object.entries(peers).map(([peer, spread]) => {
      return ['', '', peer, figure(spread.median), spreadText(spread), figure(ratio[peer] ?? Number.NaN), '', ''];
    }),
    ...Object.entries(documented).map(([peer, told]) => ['', '', peer, figure(told.figure), 'documented', '', '', '']),
    ...(note === undefined ? [] : [['', '', '', note]]),
  ];
}

function aligned(lines: readonly (readonly string[])[]): string[] {
  const short = lines.filter((line) => line.length > 4);
  const widths = (short[0] ?? []).map((_, column) => Math.max(...short.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => {
    const isShort = line.length > 4;
    return line
      .map((cell, column) => (isShort || column < 3 ? cell.padEnd(widths[column] ?? 0) : cell))
      .join('  ')
      .trimEnd();
  });
}
