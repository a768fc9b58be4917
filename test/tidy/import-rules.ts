/** Pure rules over imports; each returns the sentences that a failing test shows. */
import { posix } from 'node:path';
import { house, type Room } from './house.ts';
import { lineOf, type Source } from './sources.ts';
import { nameOf, walk } from './syntax.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** What a package's package.json says about its doors and dependencies. */
export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export type Manifests = ReadonlyMap<string, Manifest>;

/** All imports of a file: also of types only, dynamic ones, and re-exports. */
export function importsOf({ parsed, text }: Source): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, start: number) => found.push({ specifier, line: lineOf(text, start) });
  for (const item of parsed.module.staticImports) add(item.moduleRequest.value, item.start);
  for (const item of parsed.module.staticExports) {
    const request = item.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (request) add(request.value, item.start);
  }
  for (const item of parsed.module.dynamicImports) {
    const literal = /^(['"`])(.*)\1$/.exec(text.slice(item.moduleRequest.start, item.moduleRequest.end));
    if (literal?.[2] !== undefined) add(literal[2], item.start);
  }
  for (const match of text.matchAll(/\bimport\((['"])([^'"]+)\1\)\s*[.[>;,)]/g)) {
    if (!found.some(({ specifier }) => specifier === match[2])) add(match[2] ?? '', match.index);
  }
  return found;
}

/** The workspace of a file: `packages/core`, `machines`, …; `undefined` for tests and scripts, which may use anything. */
export function workspaceOf(path: string): string | undefined {
  return Object.keys(house).find((folder) => path.startsWith(`${folder}/`));
}

/** `@jaegis/core` of `@jaegis/core/x`; `node:` of a module of Node. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return 'node:';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const isRelative = (specifier: string) => specifier.startsWith('.');
const isOurs = (name: string) => name === 'jaegis' || name.startsWith('@jaegis/');

/** Rule: only what the table allows. Tests may import anything. */
export function forbidden(source: Source): string[] {
  const folder = workspaceOf(source.path);
  const room = folder === undefined ? undefined : house[folder];
  if (room === undefined || source.isTest) return [];
  const bad = importsOf(source).filter(({ specifier }) => !isRelative(specifier) && !allows(room, specifier));
  return bad.map((item) => `${place(source, item)}: ${folder} may not import ${item.specifier}. ${room.instead}`);
}

function allows(room: Room, specifier: string): boolean {
  return [...room.internal, ...room.external].includes(packageOf(specifier));
}

/** Rule: another workspace only through its door, also for tests. */
export function besideTheDoor(source: Source, manifests: Manifests): string[] {
  return importsOf(source).flatMap((item) => {
    const problem = isRelative(item.specifier) ? escapes(source.path, item.specifier) : isClosed(item, manifests);
    return problem ? [`${place(source, item)}: ${item.specifier} ${problem}`] : [];
  });
}

function escapes(path: string, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier);
  const [from, to] = [workspaceOf(path), workspaceOf(target)];
  if (to === undefined || from === to) return undefined;
  return `reaches into ${to}. Import its package by name; export from its index.ts what others need.`;
}

function isClosed({ specifier }: Import, manifests: Manifests): string | undefined {
  const name = packageOf(specifier);
  const manifest = [...manifests.values()].find((candidate) => candidate.name === name);
  if (!isOurs(name) || manifest === undefined) return undefined;
  const door = `.${specifier.slice(name.length)}`;
  if (manifest.exports && door in manifest.exports) return undefined;
  return `goes past the door of ${name}. Export what you need from its index.ts and import ${name}.`;
}

/** Rule: a package.json lists exactly what the sources beside it import (tests left out). */
export function unlisted(folder: string, manifest: Manifest, files: readonly Source[]): string[] {
  const inside = files.filter((file) => !file.isTest && file.path.startsWith(`${folder}/`));
  if (inside.length === 0) return [];
  const names = inside.flatMap(importsOf).map(({ specifier }) => specifier);
  const used = new Set(names.filter((name) => !isRelative(name) && !name.startsWith('node:')).map(packageOf));
  const listed = new Set(Object.keys(manifest.dependencies ?? {}));
  const missing = [...used].filter((name) => !listed.has(name));
  const surplus = [...listed].filter((name) => !used.has(name));
  return [
    ...missing.map((name) => `${folder}/package.json: add ${name} to dependencies, which its sources import.`),
    ...surplus.map((name) => `${folder}/package.json: remove ${name} from dependencies, which no source imports.`),
  ];
}

/** Rule: no file imports itself by way of others, not even for types. */
export function cycles(files: readonly Source[]): string[] {
  const graph = new Map(files.map((file) => [file.path, targets(file)]));
  const done = new Set<string>();
  const found: string[] = [];
  for (const path of graph.keys()) visit(path, []);
  return found;

  function visit(path: string, trail: readonly string[]): void {
    const start = trail.indexOf(path);
    if (start !== -1) {
      const ring = [...trail.slice(start), path].join(' -> ');
      found.push(`${ring}: a cycle. Move what both need to a file of its own.`);
    } else if (!done.has(path)) {
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    }
  }
}

function targets(file: Source): string[] {
  const relative = importsOf(file).filter(({ specifier }) => isRelative(specifier));
  return relative.map(({ specifier }) => posix.join(posix.dirname(file.path), specifier));
}

/** Rule: ES modules only, so that the rules above see every import. */
export function requires(source: Source): string[] {
  const found: string[] = [];
  walk(source.parsed.program, (node) => {
    if (node.type !== 'Identifier' || (node.name !== 'require' && node.name !== 'createRequire')) return;
    found.push(`${source.path}:${lineOf(source.text, node.start)}: ${node.name} hides an import. Use import.`);
  });
  return found;
}

/** Rule: what is published names no file by `.ts` in a string, since it is `.js` there; TypeScript rewrites imports only. */
export function fixedExtensions(source: Source): string[] {
  const folder = workspaceOf(source.path);
  if (source.isTest || folder === undefined || folder === 'packages/examples' || folder === 'bench') return [];
  const found: string[] = [];
  walk(source.parsed.program, (node) => {
    const isUrl = node.type === 'NewExpression' && nameOf(node.callee) === 'URL';
    if (!isUrl || !/\.ts['"`]\s*,/.test(source.text.slice(node.start, node.end))) return;
    const advice = 'It is .js once published: take the extension from import.meta.url.';
    found.push(`${source.path}:${lineOf(source.text, node.start)}: this URL ends in .ts. ${advice}`);
  });
  return found;
}

function place(source: Source, item: Import): string {
  return `${source.path}:${item.line}`;
}
