/** docs/conformance.md, written from what the tests and exceptions say. */
import { basename } from 'node:path';
import { type Evidence, isOpen, type PageEvidence } from './conformance-rules.ts';

const head = `# Conformance

What the own tests of Erlang/OTP and Pekko demand, row by row, and the test of ours that shows it, or the reason why none
does. The scenario of each row is in [test/conformance/rows.json](../test/conformance/rows.json). \`core\` rows must be
shown or declared. Where OTP and Pekko differ, OTP stands for supervision.

A test shows a row when its title is the case, or the case followed by \`: \` and more. This page is written by
\`npm run conformance\`; a tidy test fails when it is stale.
`;

export function conformanceDoc(pages: readonly PageEvidence[]): string {
  return `${[head, totals(pages), ...pages.map(section)].join('\n')}`;
}

function totals(pages: readonly PageEvidence[]): string {
  const all = pages.flatMap(({ evidence }) => evidence);
  const rows = pages.map(({ page, evidence }) => total(`[${page.page}](#${page.page})`, evidence));
  return table(
    ['page', 'rows', 'shown', 'differ', 'do not apply', 'open', 'of these core'],
    [...rows, total('**all**', all)],
  );
}

function total(name: string, evidence: readonly Evidence[]): string[] {
  const count = (is: (one: Evidence) => boolean) => String(evidence.filter(is).length);
  return [
    name,
    count(() => true),
    count(({ tests, exemption }) => tests.length > 0 && exemption === undefined),
    count(({ exemption }) => exemption?.kind === 'differs'),
    count(({ exemption }) => exemption?.kind === 'does not apply'),
    count(isOpen),
    count((one) => isOpen(one) && one.row.level === 'core'),
  ];
}

function section({ page, evidence }: PageEvidence): string {
  const rows = evidence.map((one) => [`\`${one.row.case}\``, one.row.level, shownBy(one)]);
  return `## ${page.page}\n\n${page.title}.\n\n${table(['case', 'level', 'shown by'], rows)}`;
}

function shownBy({ tests, exemption }: Evidence): string {
  const links = tests.map(({ path, line }) => `[${basename(path)}:${line}](../${path}#L${line})`);
  const declared = exemption ? [`${exemption.kind}: ${exemption.reason}`] : [];
  return [...declared, links.join(', ')].filter((part) => part !== '').join(' ') || 'open';
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
