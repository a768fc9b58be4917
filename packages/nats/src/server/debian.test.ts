import { expect, test } from 'vitest';
import { privateSettings } from './debian.ts';

test('of the settings of the machine how to fetch is kept, hooks and folders are not', () => {
  const dump = `Acquire::http::Proxy "http://proxy.example:3128";
APT::Update::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";
APT::Default-Release "stable";
Dir::State "var/lib/apt";
`;
  const settings = privateSettings(dump, '/work place');
  expect(settings).toContain('Acquire::http::Proxy "http://proxy.example:3128";\n');
  expect(settings).toContain('Dir::State "/work place/state";\n');
  expect(settings).toContain('Dir::Etc::sourceparts "/work place/sources";\n');
  expect(settings).not.toMatch(/Invoke|Default-Release|var\/lib/);
});
