/** docs/benchmarks.md, from reports. */
import { figure, spreadText } from './figure.ts';
import type { Machine, Report, Row } from './report.ts';
import type { Suite } from './session.ts';
import { goalText } from './verdict.ts';

const head = `# Benchmarks

What we claim about speed, each beside its peer in the same run. This page is written by \`npm run bench\`.

    npm run bench                                 all suites, and this page
    npm run -s bench -- kernel                    one suite
    npm run -s bench -- kernel --json k.json      the same, and its report as JSON
    npm run -s bench -- kernel --only tell --rounds 9
    npm run -s bench -- cluster --only healthy --size 60      a minute of it instead of ten

Ours and its peers take turns, a round each, so that what disturbs the machine disturbs all of them; each in a process
of its own. The first round warms up and does not count. A figure is the median of at least five rounds, with the least
and the most, and from 20 values on with what 99 of 100 do not exceed. "ours ÷ it" is the median of ours by that of the peer.
A peer that a machine lacks is left out; what is only documented is not measured, and says where it is written.
`;

export function page(suites: readonly Suite[], reports: readonly Report[]): string {
  const parts = suites.flatMap((suite) => {
    const report = reports.find((one) => one.suite === suite.name);
    return report ? [section(suite, report)] : [];
  });
  return [head, ...parts].join('\n');
}

function section({ name, about, rows }: Suite, { machine, rows: measured }: Report): string {
  const texts = rows.map((row) => `- **${row.name}.** ${row.about.replaceAll('\n', ' ')}`);
  const sources = new Map(rows.flatMap(({ documented = {} }) => Object.entries(documented)));
  const written = [...sources].map(([peer, { source }]) => `- ${peer}: ${source}`);
  return `## ${name}

${about}

${where(machine)}

![The medians of the suite ${name} as bars; the table below has the same figures.](benchmarks/${name}.svg)

${table(measured)}

${texts.join('\n')}
${written.length === 0 ? '' : `\nWhat is documented, and not measured, with where:\n\n${written.join('\n')}\n`}`;
}

function where({ cpu, cores, memoryGB, os, versions }: Machine): string {
  const list = Object.entries(versions).map(([what, version]) => `${what} ${version}`);
  return `Measured on ${cores} × ${cpu}, ${memoryGB} GB of memory, ${os}, with ${list.join(', ')}.`;
}

function table(rows: readonly Row[]): string {
  const header = ['row', 'unit', 'ours', 'peers', 'goal', 'met'];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map((row) => line(cellsOf(row)))].join('\n');
}

function cellsOf(row: Row): string[] {
  const { name, unit, ours, peers, documented = {}, ratio, met, note } = row;
  const beside = Object.entries(peers).map(([peer, spread]) => {
    return `${peer} ${figure(spread.median)} (${spreadText(spread)}), ours ÷ it ${figure(ratio[peer] ?? Number.NaN)}`;
  });
  const written = Object.entries(documented).map(([peer, told]) => `${peer} ${figure(told.figure)} (documented)`);
  const goal = goalText(row);
  const verdict = goal === '' ? '' : met === null ? 'unknown' : met ? 'yes' : '**no**';
  return [
    name,
    unit,
    ours ? `${figure(ours.median)} (${spreadText(ours)})` : 'failed',
    [...beside, ...written].join('<br>'),
    goal,
    [verdict, ...(note === undefined ? [] : [note])].filter((text) => text !== '').join(': '),
  ];
}
