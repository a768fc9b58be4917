/** The sources of the project, read and parsed once, for the tidy tests. */
import { globSync, readFileSync } from 'node:fs';
import { type ParseResult, parseSync } from 'oxc-parser';

export interface Source {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly parsed: ParseResult;
}

const root = new URL('../../', import.meta.url);

export function readText(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** The folders that match one of these patterns and hold a package.json. */
export function foldersWithManifest(patterns: readonly string[]): string[] {
  const manifests = globSync(
    patterns.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  );
  return manifests.map((path) => path.replaceAll('\\', '/').replace(/\/package\.json$/, ''));
}

/** Also for samples that exist only as text: a tidy test shows with them that it can fail. */
export function source(path: string, text: string): Source {
  const isTest = /\.test(-[a-z]+)?\.ts$/.test(path) || path.startsWith('test/');
  return { path, text, isTest, parsed: parseSync(path, text) };
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

const folders = ['packages/*/src', 'machines/src', 'actors/src', 'cluster/src', 'bench', 'test', 'scripts'];

function readSources(): Source[] {
  const found = globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root, exclude: ['**/node_modules', '**/dist'] },
  );
  return found.map((path) => path.replaceAll('\\', '/')).map((path) => source(path, readText(path)));
}

export const sources: readonly Source[] = readSources();
