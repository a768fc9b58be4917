import { expect, test } from 'vitest';
import { readConformance } from '../../scripts/conformance.ts';
import { conformanceDoc } from './conformance-doc.ts';
import { type Exemption, gather, openCore, type Page, problems } from './conformance-rules.ts';
import { readText, source } from './sources.ts';
import { testTitles } from './test-titles.ts';

const present = readConformance();

test('tests and exceptions of conformance name cases that there are', () => {
  expect(problems(present.pages, present.titles, present.exceptions)).toEqual([]);
});

test('core rows of conformance have a test or an exception', () => {
  expect(openCore(present.evidence)).toEqual([]);
});

test('docs/conformance.md is what `npm run conformance` writes', () => {
  expect(readText('docs/conformance.md')).toBe(present.doc);
});

test('every row has a case, a level and a scenario', () => {
  const levels = ['core', 'nice', 'not for JavaScript?'];
  const bad = present.pages.flatMap(({ rows }) =>
    rows.filter((row) => !row.case || !row.scenario || !levels.includes(row.level) || row.case.includes(': ')),
  );
  expect(bad).toEqual([]);
});

const rows = [
  { case: 'A:one', level: 'core', scenario: 'x' },
  { case: 'A:one (b)', level: 'core', scenario: 'x' },
  { case: 'A:two', level: 'nice', scenario: 'x' },
] as const;
const page: Page = { page: 'a', title: 'A', about: '', rows };
const titlesOf = (text: string) => testTitles(source('test/conformance/a.test.ts', text));
const exemption = (name: string, more: Partial<Exemption> = {}): Exemption => ({
  case: name,
  kind: 'does not apply',
  reason: 'no such thing',
  ...more,
});

test.each([
  ["test('A:one', f);", ['A:one']],
  ["describe('x', () => { it('A:one: more', f); });", ['A:one: more']],
  ["it.each([['a'], ['b']])('A:one: %s', f);", ['A:one: %s']],
  ["test.for(['a'])('A:one: %s', f);", ['A:one: %s']],
  ["it.each`a\n1`('A:one: $a', f);", ['A:one: $a']],
  ["test.concurrent('A:one', f);", ['A:one']],
  [`for (const x of xs) test(\`A:one: \${x} b\`, f);`, ['A:one: … b']],
  ["test('A:one: ' + x, f);", ['A:one: …']],
  ['test(name, f);', [undefined]],
  ["other('A:one', f); describe('A:one', f); regexp.test('A:one');", []],
])('the titles of %s are found', (text, titles) => {
  expect(titlesOf(text).map(({ title }) => title)).toEqual(titles);
});

test.each([
  ['A:one', [true, false, false]],
  ['A:one: and more', [true, false, false]],
  ['A:one and more', [false, false, false]],
  ['A:one (b)', [false, true, false]],
  ['A:one (b): x', [false, true, false]],
  ['about A:one', [false, false, false]],
])('a test titled "%s" shows %j', (title, shown) => {
  const evidence = gather([page], titlesOf(`\ntest(${JSON.stringify(title)}, f);`), []).flatMap((one) => one.evidence);
  expect(evidence.map(({ tests }) => tests.length === 1)).toEqual(shown);
  expect(evidence.flatMap(({ tests }) => tests.map(({ line }) => line)).every((line) => line === 2)).toBe(true);
});

test('a core row without test and exception is found', () => {
  expect(openCore(gather([page], titlesOf("test('A:one', f);"), []))).toEqual([expect.stringContaining('"A:one (b)"')]);
  expect(openCore(gather([page], titlesOf("test('A:one', f);"), [exemption('A:one (b)')]))).toEqual([]);
});

test.each<[string, Exemption[], string]>([
  ["test('A:three', f);", [], 'a.test.ts:1: the title "A:three" names no case'],
  ['test(name, f);', [], 'names no case'],
  ['', [exemption('A:three')], 'there is no case "A:three"'],
  ['', [exemption('A:one'), exemption('A:one')], '"A:one" stands there twice'],
  ['', [exemption('A:one', { reason: ' ' })], '"A:one" has no reason'],
  ["test('A:one: x', f);", [exemption('A:one')], 'a.test.ts:1 shows it'],
])('with tests %j and exceptions %j the problem is found', (text, exemptions, problem) => {
  expect(problems([page], titlesOf(text), exemptions)).toEqual([expect.stringContaining(problem)]);
});

test('a test may show how a row differs', () => {
  expect(problems([page], titlesOf("test('A:one', f);"), [exemption('A:one', { kind: 'differs' })])).toEqual([]);
  expect(problems([page, page], [], [])).toHaveLength(3);
});

test('the page tells of each row what shows it', () => {
  const titles = titlesOf("test('A:one: x', f);\ntest('A:one: y', f);");
  const lines = conformanceDoc(gather([page], titles, [exemption('A:one (b)', { reason: 'a | b' })])).split('\n');
  const link = (line: number) => `[a.test.ts:${line}](../test/conformance/a.test.ts#L${line})`;
  expect(lines).toContain(`| \`A:one\` | core | ${link(1)}, ${link(2)} |`);
  expect(lines).toContain('| `A:one (b)` | core | does not apply: a \\| b |');
  expect(lines).toContain('| `A:two` | nice | open |');
  expect(lines).toContain('| **all** | 3 | 1 | 0 | 1 | 1 | 0 |');
});
