import { expect, test } from 'vitest';
import { publishedManifest } from './published-manifest.ts';

const source = {
  name: '@jaegis/cli',
  version: '0.1.0',
  type: 'module',
  exports: { '.': './src/index.ts', './testing': './src/testing/index.ts' },
  bin: { jaegis: './src/main.ts' },
  dependencies: { jaegis: '0.1.0' },
  devDependencies: { vitest: '5' },
  scripts: { test: 'vitest' },
};

test('doors and commands point at what was compiled', () => {
  expect(publishedManifest(source)).toEqual({
    name: '@jaegis/cli',
    version: '0.1.0',
    type: 'module',
    exports: {
      '.': { types: './index.d.ts', default: './index.js' },
      './testing': { types: './testing/index.d.ts', default: './testing/index.js' },
      './package.json': './package.json',
    },
    bin: { jaegis: './main.js' },
    dependencies: { jaegis: '0.1.0' },
  });
});

test('a door outside the sources is refused', () => {
  expect(() => publishedManifest({ name: 'x', exports: { '.': './lib/index.js' } })).toThrow('./lib/index.js');
});
