import { expect, test } from 'vitest';
import { parseSources, sourcesForSuite } from './debian-sources.ts';

const deb822 = `
Types: deb deb-src
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;

const derived = (text: string, name = 'debian.sources') => sourcesForSuite([{ name, text }], 'bookworm', 'sid');

test('of the deb822 form the main archive is taken and asked for the newer suite', () => {
  expect(derived(deb822)).toEqual([
    [
      'types: deb',
      'suites: sid',
      'components: main',
      'uris: http://mirror.example/debian',
      'signed-by: /usr/share/keyrings/debian-archive-keyring.gpg',
      '',
    ].join('\n'),
  ]);
});

test('of the one-line form the main archive is taken with its options', () => {
  const text = `
# deb http://old.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # ours
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb http://mirror.example/debian bookworm-updates main
deb http://mirror.example/debian bookworm non-free
`;
  const expected = 'uris: http://mirror.example/debian\narchitectures: amd64 arm64\nsigned-by: /k.gpg\n';
  expect(derived(text, 'sources.list')).toEqual([`types: deb\nsuites: sid\ncomponents: main\n${expected}`]);
});

test.each([
  ['security', 'deb http://mirror.example/debian-security bookworm-security main'],
  ['updates', 'deb http://mirror.example/debian bookworm-updates main'],
  ['backports', 'deb http://mirror.example/debian bookworm-backports main'],
  ['sources only', 'deb-src http://mirror.example/debian bookworm main'],
  ['a disc', 'deb cdrom:[Debian]/ bookworm main'],
  ['another vendor', 'deb https://vendor.example/apt cloud-sdk-bookworm main'],
])('an entry for %s is passed over', (_, line) => {
  expect(derived(line, 'sources.list')).toEqual([]);
});

test('a disabled entry is passed over', () => {
  expect(derived(deb822.replace('Types: deb deb-src', 'Enabled: no\nTypes: deb'))).toEqual([]);
});

test('a key within the entry is kept whole', () => {
  const key = 'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----';
  const [entry] = derived(deb822.replaceAll(/Signed-By: .*/g, key));
  expect(entry).toContain(
    'signed-by: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----\n',
  );
});

test('what looks like Debian comes before vendors that name their suites alike, and each only once', () => {
  const text = `deb https://apt.vendor.example stable main
deb http://mirror.example/debian/ stable main
deb http://mirror.example/debian/ stable main contrib`;
  const found = derived(text, 'x.list').map((entry) => /uris: (\S+)/.exec(entry)?.[1]);
  expect(found).toEqual(['http://mirror.example/debian/', 'https://apt.vendor.example']);
});

test('an empty file has no entries', () => {
  expect(parseSources({ name: 'a.sources', text: '\n\n# nothing\n' })).toEqual([]);
  expect(parseSources({ name: 'a.list', text: '' })).toEqual([]);
});
