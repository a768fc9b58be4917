/**
 * Makes of each workspace that is published a folder `dist` which can be packed and published as it is: ES modules with
 * types, a package.json whose doors point at them, licence and README. TypeScript compiles all workspaces in one go.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Manifest, publishedManifest } from './published-manifest.ts';

const root = join(import.meta.dirname, '..');
const compiled = join(root, '.build');

function readManifest(folder: string): Manifest {
  // Written by us, read by npm too: a wrong form would have failed there.
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Called after compiling: a workspace without sources is not there yet. */
function publishedFolders(): string[] {
  const { workspaces = [] } = readManifest(root);
  const manifests = globSync(
    workspaces.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  );
  const folders = manifests.map((path) => path.replace(/.package\.json$/, ''));
  return folders.filter((folder) => !readManifest(join(root, folder)).private && existsSync(join(compiled, folder)));
}

function compile(): void {
  rmSync(compiled, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const { status } = spawnSync(tsc, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('TypeScript found errors; nothing was built.');
}

function assemble(folder: string): void {
  const from = join(root, folder);
  const dist = join(from, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  cpSync(join(compiled, folder, 'src'), dist, { recursive: true });
  // What is not compiled (data, notices) goes along as it is.
  cpSync(join(from, 'src'), dist, { recursive: true, filter: (path) => !path.endsWith('.ts') });
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(publishedManifest(readManifest(from)), null, 2)}\n`);
  for (const [file, place] of [
    ['LICENSE', root],
    ['README.md', from],
  ] as const) {
    if (existsSync(join(place, file))) cpSync(join(place, file), join(dist, file));
  }
}

compile();
for (const folder of publishedFolders()) {
  assemble(folder);
  console.log(`${folder}/dist`);
}
rmSync(compiled, { recursive: true, force: true });
