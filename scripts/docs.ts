/** Puts the examples into the pages that name them: `<!-- example: folder/file.ts -->` is followed by the file. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const marked = /<!-- example: (\S+) -->\n(?:\n```ts\n[\s\S]*?\n```\n)?/g;

export const pages = globSync('docs/*.md', { cwd: root }).sort();

/** The page with its examples as they are now. */
export function withExamples(page: string): string {
  return readFileSync(join(root, page), 'utf8').replaceAll(marked, (_all, file: string) => {
    const code = readFileSync(join(root, 'packages/examples/src', file), 'utf8');
    return `<!-- example: ${file} -->\n\n\`\`\`ts\n${code}\`\`\`\n`;
  });
}

if (import.meta.main) for (const page of pages) writeFileSync(join(root, page), withExamples(page));
