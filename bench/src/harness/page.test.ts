import { expect, it } from 'vitest';
import { chart } from './chart.ts';
import { page } from './page.ts';
import type { Report, Row } from './report.ts';
import { reportTable } from './report-table.ts';
import type { Suite } from './session.ts';

const spread = (median: number) => ({ median, min: median / 2, max: median * 2 });

const tells: Row = {
  name: 'tells & "asks" <fast>',
  unit: 'messages/s',
  better: 'higher',
  ours: spread(25_000_000),
  peers: { nact: spread(500_000) },
  ratio: { nact: 50 },
  goal: { nact: 25, erlang: 0.8 },
  met: null,
  note: 'There is no `escript` on this machine.',
};
const failed: Row = { ...tells, name: 'broken', ours: null, peers: {}, ratio: {}, met: false, error: 'It broke.' };
const machine = { cpu: 'Z80', cores: 2, memoryGB: 1.5, os: 'CP/M 2.2', versions: { node: '24.0.0', nact: '7.0.0' } };
const report = (rows: Row[]): Report => ({ suite: 'kernel', machine, rows });

const entrant = { size: 1, open: () => ({ round: () => 1 }) };
const { name, unit, better, goal } = tells;
const suite: Suite = {
  name: 'kernel',
  about: 'Actors on one node.',
  rows: [{ name, unit, better, goal, about: 'One sender\nand one receiver.', ours: entrant, peers: { nact: entrant } }],
  versions: () => ({}),
};

it('the page has the machine, the versions, the chart, the figures and what each row means', () => {
  const text = page([suite], [report([tells])]);
  expect(text).toContain('Measured on 2 × Z80, 1.5 GB of memory, CP/M 2.2, with node 24.0.0, nact 7.0.0.');
  expect(text).toContain('](benchmarks/kernel.svg)');
  expect(text).toContain('| 25 M (12.5 M to 50 M) | nact 500 k (250 k to 1 M), ours ÷ it 50 |');
  expect(text).toContain('| ≥ 25 × nact, ≥ 0.8 × erlang | unknown: There is no `escript` on this machine. |');
  expect(text).toContain('One sender and one receiver.');
});

it('the chart draws a figure of 0 too', () => {
  const svg = chart(report([{ ...tells, ours: { median: 0, min: 0, max: 0 }, peers: {}, ratio: {} }]));
  expect(svg).toContain('class="ours"');
  expect(svg).not.toContain('NaN');
});

it('the page and the table say what is only documented, and the page where', () => {
  const documented = { orleans: { figure: 15_000, source: 'its page on clusters' } };
  const text = page(
    [{ ...suite, rows: suite.rows.map((row) => ({ ...row, documented })) }],
    [report([{ ...tells, documented }])],
  );
  expect(text).toContain('ours ÷ it 50<br>orleans 15 k (documented) |');
  expect(text).toContain('\n- orleans: its page on clusters\n');
  expect(reportTable(report([{ ...tells, documented }]))).toMatch(/orleans +15 k +documented/);
});

it('the chart has a title, a bar for each figure as long as it is large, and text that cannot break it', () => {
  const svg = chart(report([tells]));
  expect(svg).toContain('<title id="title">Suite kernel: medians, ours and peers</title>');
  expect(svg).toContain('tells &amp; &quot;asks&quot; &lt;fast&gt;, messages/s (higher is better)');
  const widths = [...svg.matchAll(/<rect class="(ours|peer)"[^>]* width="(\d+)"/g)].map((found) => found.slice(1));
  expect(widths).toEqual([
    ['ours', '500'],
    ['peer', '10'],
  ]);
  expect(svg).toContain('prefers-color-scheme: dark');
});

it('the table for the terminal has a line for ours and for each peer, and tells why a row has none', () => {
  const lines = reportTable(report([tells, failed])).split('\n');
  expect(lines.map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
    'kernel on 2 × Z80, 1.5 GB, CP/M 2.2; node 24.0.0, nact 7.0.0',
    '',
    'row | unit | who | median | min to max | ours ÷ it | goal | met',
    'tells & "asks" <fast> | messages/s | ours | 25 M | 12.5 M to 50 M | ≥ 25 × nact, ≥ 0.8 × erlang | unknown',
    ' | nact | 500 k | 250 k to 1 M | 50',
    ' | There is no `escript` on this machine.',
    'broken | messages/s | ours | failed: It broke.',
    '',
  ]);
});
