/** The examples of the documentation run and print what they say; the pages show them as they are. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { pages, withExamples } from '../../scripts/docs.ts';

const root = join(import.meta.dirname, '../..');
const examples = globSync('packages/examples/src/{supervision,actors,durable,resilience}/*.ts', { cwd: root }).sort();

/** Each `// prints: …` in an example is a line that it prints. */
function promised(text: string): string {
  return Array.from(text.matchAll(/\/\/ prints: (.*)$/gm), ([, line]) => `${line}\n`).join('');
}

describe('an example of the documentation', () => {
  it.each(examples)('%s prints what it says', async (file) => {
    const expected = promised(readFileSync(join(root, file), 'utf8'));
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, file)]);
    expect(expected).not.toBe('');
    expect(stdout).toBe(expected);
  });

  it.each(pages)('stands in %s as it is run', (page) => {
    expect(readFileSync(join(root, page), 'utf8')).toBe(withExamples(page));
  });

  it('is shown by a page', () => {
    const shown = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('');
    for (const file of examples)
      expect(shown).toContain(`<!-- example: ${file.replace('packages/examples/src/', '')} -->`);
  });
});

describe('a page of the documentation', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    for (const link of links.filter((each) => !each.includes('://'))) {
      expect(globSync(join(root, 'docs', link)), link).toHaveLength(1);
    }
  });
});
