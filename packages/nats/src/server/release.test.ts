import { expect, test } from 'vitest';
import { checksumOf, releaseFile } from './release.ts';

test.each([
  ['linux', 'x64', 'nats-server-v2.15.1-linux-amd64.tar.gz'],
  ['linux', 'arm', 'nats-server-v2.15.1-linux-arm7.tar.gz'],
  ['darwin', 'arm64', 'nats-server-v2.15.1-darwin-arm64.tar.gz'],
])('the release for %s on %s is %s', (platform, arch, file) => {
  expect(releaseFile('2.15.1', { platform, arch })).toBe(file);
});

test.each([
  ['win32', 'x64', 'unpacked by hand'],
  ['linux', 'mips', 'no release for linux on mips'],
  ['aix', 'ppc64', 'no release for aix on ppc64'],
])('for %s on %s it is said why there is none', (platform, arch, reason) => {
  expect(() => releaseFile('2.15.1', { platform, arch })).toThrow(reason);
});

test('the checksum is that of the whole name', () => {
  const [a, b] = ['a'.repeat(64), 'B'.repeat(64)];
  const sums = `${a}  x-linux-amd64.tar.gz.json\n${b} *x-linux-amd64.tar.gz\n`;
  expect(checksumOf('x-linux-amd64.tar.gz', sums)).toBe('b'.repeat(64));
  expect(checksumOf('linux-amd64.tar.gz', sums)).toBeUndefined();
});
