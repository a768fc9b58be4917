import { expect, test } from 'vitest';
import { house } from './house.ts';
import {
  besideTheDoor,
  cycles,
  fixedExtensions,
  forbidden,
  type Manifest,
  requires,
  unlisted,
} from './import-rules.ts';
import { foldersWithManifest, readText, source, sources } from './sources.ts';

// A package.json of ours is read by npm too, so its form is known.
const readManifest = (folder: string) => JSON.parse(readText(`${folder}/package.json`)) as Manifest;
const manifests = new Map(Object.keys(house).map((folder) => [folder, readManifest(folder)]));

test('each workspace imports only what the table allows', () => {
  expect(sources.flatMap(forbidden)).toEqual([]);
});

test('workspaces are imported through their door only', () => {
  expect(sources.flatMap((file) => besideTheDoor(file, manifests))).toEqual([]);
});

test('no file imports itself by way of others', () => {
  expect(cycles(sources)).toEqual([]);
});

test('each package.json lists what its sources import and no more', () => {
  expect([...manifests].flatMap(([folder, manifest]) => unlisted(folder, manifest, sources))).toEqual([]);
});

test('no import hides behind require', () => {
  expect(sources.flatMap(requires)).toEqual([]);
});

test('no published source names a file by .ts', () => {
  expect(sources.flatMap(fixedExtensions)).toEqual([]);
});

test('every workspace has its row in the table, and every row its workspace', () => {
  const { workspaces } = JSON.parse(readText('package.json')) as { workspaces: string[] };
  expect(Object.keys(house).sort()).toEqual(foldersWithManifest(workspaces).sort());
});

test.each([
  ['packages/core/src/a.ts', `import { setup } from 'xstate';`, 'describe what you need as a port'],
  ['packages/core/src/a.ts', `import 'node:os';`, 'depends on nothing'],
  ['machines/src/a.ts', `import type { Ref } from '@jaegis/actors';`, 'provide it in actors'],
  ['actors/src/a.ts', `export * from '@jaegis/cluster';`, 'through the ports'],
  ['actors/src/a.ts', `const x = await import('jaegis');`, 'through the ports'],
  ['actors/src/a.ts', `export type X = import('@jaegis/nats').X;`, 'through the ports'],
  ['cluster/src/a.ts', `import { wsconnect } from '@nats-io/nats-core';`, 'never names NATS'],
  ['packages/nats/src/a.ts', `import { realClock } from '@jaegis/node';`, 'take what you need as a parameter'],
  ['packages/sim/src/a.ts', `import { createHash } from 'node:crypto';`, 'take what you need as a parameter'],
  ['packages/cli/src/a.ts', `import { Tree } from '@jaegis/core';`, 'export it from packages/jaegis'],
])('in %s the line %s is found', (path, text, advice) => {
  expect(forbidden(source(path, `\n${text}`))).toEqual([expect.stringContaining(advice)]);
  expect(forbidden(source(path, `\n${text}`))[0]).toContain(`${path}:2: `);
});

test('what the table allows is not found', () => {
  const text = `import { x } from '@jaegis/core';\nimport { y } from './y.ts';\nimport { setup } from 'xstate';`;
  expect(forbidden(source('actors/src/a.ts', text))).toEqual([]);
  expect(forbidden(source('actors/src/a.test.ts', `import { z } from '@jaegis/sim';`))).toEqual([]);
});

test.each([
  ['actors/src/a.ts', `import { x } from '@jaegis/core/src/errors.ts';`, 'past the door of @jaegis/core'],
  ['actors/src/a.ts', `import { x } from '../../packages/core/src/errors.ts';`, 'reaches into packages/core'],
  ['test/integration/a.test.ts', `import { x } from '../../cluster/src/view.ts';`, 'reaches into cluster'],
])('in %s the way past the door %s is found', (path, text, advice) => {
  expect(besideTheDoor(source(path, text), manifests)).toEqual([expect.stringContaining(advice)]);
});

test('a cycle is found, also one of types', () => {
  const files = [
    source('actors/src/a.ts', `import { b } from './b.ts';`),
    source('actors/src/b.ts', `import type { C } from './deep/c.ts';`),
    source('actors/src/deep/c.ts', `import type { A } from '../a.ts';`),
  ];
  expect(cycles(files)).toEqual([
    expect.stringContaining('actors/src/a.ts -> actors/src/b.ts -> actors/src/deep/c.ts ->'),
  ]);
  expect(cycles(files.slice(0, 2))).toEqual([]);
});

test('a dependency that is missing or not used is found', () => {
  const files = [
    source('actors/src/a.ts', `import { x } from '@jaegis/core'; import 'node:os';`),
    source('actors/src/a.test.ts', `import { test } from 'vitest';`),
  ];
  const manifest = { name: '@jaegis/actors', dependencies: { xstate: '5' } };
  expect(unlisted('actors', manifest, files)).toEqual([
    'actors/package.json: add @jaegis/core to dependencies, which its sources import.',
    'actors/package.json: remove xstate from dependencies, which no source imports.',
  ]);
});

test('require is found', () => {
  expect(requires(source('actors/src/a.ts', `const x = require('xstate');`))).toHaveLength(1);
});

test('a URL that ends in .ts is found, one with the extension of the module is not', () => {
  const found = (text: string) => fixedExtensions(source('packages/pool/src/a.ts', text));
  expect(found(`const url = new URL('./worker.ts', import.meta.url);`)).toHaveLength(1);
  expect(found(`const url = new URL('./worker.' + extension, import.meta.url);`)).toEqual([]);
});
