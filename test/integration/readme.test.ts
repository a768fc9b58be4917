/** What the README shows is what the project holds. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const readme = read('README.md');

describe('the README', () => {
  it('shows the first example as it is run by the test of the packages', () => {
    expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(read('packages/examples/src/quick-start.ts'));
  });

  it('shows how the app ends that its commands name', () => {
    const [, ending = ''] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
    expect(ending).toMatch(/^export default defineApp/);
    expect(read('packages/examples/src/app.ts').endsWith(ending)).toBe(true);
  });

  it('links only to what is there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !link.includes('://'));
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect(existsSync(new URL(`../../${link}`, import.meta.url)), link).toBe(true);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const [, name = ''] of readme.matchAll(/npm run ([a-z:]+)/g)) expect(Object.keys(scripts)).toContain(name);
  });
});
