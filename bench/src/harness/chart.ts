/**
 * A report as bars, one group a row: ours and its peers, as long as their medians, the largest of a group over the full
 * width. Its own background and colours for light and dark, whichever the reader has.
 */
import { figure } from './figure.ts';
import type { Report, Row } from './report.ts';
import type { Spread } from './spread.ts';

const WIDTH = 760;
const LABEL = 165;
const LONGEST = 500;
const BAR = 18;
const HEAD = 40;

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .paper { fill: #ffffff; } .title { font-size: 16px; font-weight: 600; } .row { font-weight: 600; }
  .ours { fill: #1f7a4d; } .peer { fill: #8c959f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .paper { fill: #0d1117; } .ours { fill: #3fb97a; } .peer { fill: #6e7681; }
  }`;

export function chart({ suite, rows }: Report): string {
  let y = HEAD;
  const groups = rows.map((row) => {
    const drawn = group(row, y);
    y += heightOf(row);
    return drawn;
  });
  const title = `Suite ${suite}: medians, ours and peers`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-labelledby="title">
<title id="title">${xml(title)}</title>
<style>${style}
</style>
<rect class="paper" width="${WIDTH}" height="${y}" rx="6"/>
<text class="title" x="16" y="26">${xml(title)}</text>
${groups.join('')}</svg>
`;
}

const entriesOf = ({ ours, peers }: Row): [string, Spread][] => [
  ...(ours ? [['ours', ours] as [string, Spread]] : []),
  ...Object.entries(peers),
];

const heightOf = (row: Row) => 24 + entriesOf(row).length * (BAR + 4) + 14;

function group(row: Row, top: number): string {
  const entries = entriesOf(row);
  const largest = Math.max(...entries.map(([, { median }]) => median)) || 1; // where all are 0
  const heading = `${row.name}, ${row.unit} (${row.better} is better)`;
  const bars = entries.map(([name, { median }], index) => {
    const y = top + 24 + index * (BAR + 4);
    const width = Math.max(1, Math.round((median / largest) * LONGEST));
    const middle = y + BAR - 5;
    return `<text x="${LABEL}" y="${middle}" text-anchor="end">${xml(name)}</text><rect class="${
      name === 'ours' ? 'ours' : 'peer'
    }" x="${LABEL + 8}" y="${y}" width="${width}" height="${BAR}" rx="2"/><text x="${LABEL + 14 + width}" y="${middle}">${figure(median)}</text>\n`;
  });
  return `<text class="row" x="16" y="${top + 14}">${xml(heading)}</text>\n${bars.join('')}`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
