/**
 * Writes docs/conformance.md: which test shows which row of test/conformance/rows.json. Run it after a test there was
 * added, moved or renamed.
 */
import { writeFileSync } from 'node:fs';
import { exceptions } from '../test/conformance/exceptions.ts';
import { conformanceDoc } from '../test/tidy/conformance-doc.ts';
import { gather, openCore, type Page, problems } from '../test/tidy/conformance-rules.ts';
import { readText, sources } from '../test/tidy/sources.ts';
import { testTitles } from '../test/tidy/test-titles.ts';

/** Everything that the page is made from, as it is on the disk now. */
export function readConformance() {
  // The tidy test checks the form of what is ours.
  const pages = JSON.parse(readText('test/conformance/rows.json')) as Page[];
  const tests = sources.filter(({ path }) => path.startsWith('test/conformance/') && path.endsWith('.test.ts'));
  const titles = tests.toSorted((a, b) => (a.path < b.path ? -1 : 1)).flatMap(testTitles);
  const evidence = gather(pages, titles, exceptions);
  return { pages, titles, exceptions, evidence, doc: conformanceDoc(evidence) };
}

if (import.meta.main) {
  const { pages, titles, evidence, doc } = readConformance();
  writeFileSync(new URL('../docs/conformance.md', import.meta.url), doc);
  const found = problems(pages, titles, exceptions);
  for (const problem of found) console.error(problem);
  console.log(`docs/conformance.md: ${openCore(evidence).length} core rows are open.`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
