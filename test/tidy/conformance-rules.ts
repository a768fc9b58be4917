/**
 * Which rows of test/conformance/rows.json are shown by tests, which are declared as exceptions, which are open; and
 * what is wrong with it. A test shows a row when its title is the case, or the case followed by `: ` and more.
 */
import type { TestTitle } from './test-titles.ts';

export interface Row {
  readonly case: string;
  readonly level: 'core' | 'nice' | 'not for JavaScript?';
  readonly scenario: string;
}

export interface Page {
  /** What its tests' file is called, without `.test.ts`. */
  readonly page: string;
  readonly title: string;
  /** What its scenarios take for granted. */
  readonly about: string;
  readonly rows: readonly Row[];
}

export interface Exemption {
  readonly case: string;
  readonly kind: 'does not apply' | 'differs';
  readonly reason: string;
}

export interface Evidence {
  readonly row: Row;
  readonly tests: readonly TestTitle[];
  readonly exemption: Exemption | undefined;
}

export interface PageEvidence {
  readonly page: Page;
  readonly evidence: readonly Evidence[];
}

export function gather(
  pages: readonly Page[],
  titles: readonly TestTitle[],
  exemptions: readonly Exemption[],
): PageEvidence[] {
  return pages.map((page) => ({
    page,
    evidence: page.rows.map((row) => ({
      row,
      tests: titles.filter(({ title }) => shows(title, row)),
      exemption: exemptions.find((exemption) => exemption.case === row.case),
    })),
  }));
}

function shows(title: string | undefined, row: Row): boolean {
  return title === row.case || (title?.startsWith(`${row.case}: `) ?? false);
}

export function isOpen({ tests, exemption }: Evidence): boolean {
  return tests.length === 0 && exemption === undefined;
}

/** The core rows that nothing is said about, as sentences. */
export function openCore(pages: readonly PageEvidence[]): string[] {
  return pages.flatMap(({ page, evidence }) =>
    evidence
      .filter((one) => one.row.level === 'core' && isOpen(one))
      .map(({ row }) => `${page.page}: no test shows "${row.case}". Write one, or declare it in exceptions.ts.`),
  );
}

/** Rule: tests and exceptions name cases that there are, and do not contradict each other. */
export function problems(
  pages: readonly Page[],
  titles: readonly TestTitle[],
  exemptions: readonly Exemption[],
): string[] {
  const rows = pages.flatMap((page) => page.rows);
  const cases = rows.map((row) => row.case);
  const declared = exemptions.map((exemption) => exemption.case);
  return [
    ...twice(cases).map((name) => `rows.json: "${name}" stands there twice.`),
    ...twice(declared).map((name) => `exceptions.ts: "${name}" stands there twice.`),
    ...declared.filter((name) => !cases.includes(name)).map((name) => `exceptions.ts: there is no case "${name}".`),
    ...exemptions.flatMap((exemption) => contradictions(exemption, titles)),
    ...titles.flatMap((title) => unknownTitle(title, rows)),
  ];
}

function twice(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index);
}

function contradictions({ case: name, kind, reason }: Exemption, titles: readonly TestTitle[]): string[] {
  const row: Row = { case: name, level: 'core', scenario: '' };
  const test = titles.find(({ title }) => shows(title, row));
  return [
    ...(reason.trim() === '' ? [`exceptions.ts: "${name}" has no reason.`] : []),
    ...(kind === 'does not apply' && test
      ? [`exceptions.ts: "${name}" does not apply, and yet ${test.path}:${test.line} shows it.`]
      : []),
  ];
}

function unknownTitle({ path, line, title }: TestTitle, rows: readonly Row[]): string[] {
  if (rows.some((row) => shows(title, row))) return [];
  const advice = 'Begin it with a case of rows.json, written out, and then ": " and what you like.';
  return [`${path}:${line}: the title ${JSON.stringify(title) ?? ''} names no case. ${advice}`];
}
