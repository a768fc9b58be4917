import { expect, test } from 'vitest';
import { compareVersions, fetchedVersion, isNewEnough, parseServerVersion } from './version.ts';

test.each([
  ['nats-server: v2.15.1\n', '2.15.1'],
  ['nats-server: 2.12.0', '2.12.0'],
  ['nats-server: v2.12.0-RC.1\n', '2.12.0-RC.1'],
  ['nginx version: 1.2.3', undefined],
  ['nats-server: v2.15', undefined],
  ['', undefined],
])('of the output %j the version is %s', (output, version) => {
  expect(parseServerVersion(output)).toBe(version);
});

test('versions are compared by number, and a release candidate comes before its release', () => {
  const sorted = ['2.9.1', '2.12.0-RC.1', '2.12.0-RC.2', '2.12.0', '2.12.1', '2.100.0', '10.0.0'];
  expect([...sorted].reverse().sort(compareVersions)).toEqual(sorted);
  expect(compareVersions('2.12.0', '2.12.0')).toBe(0);
});

test.each([
  ['2.11.99', false],
  ['2.12.0-RC.1', false],
  ['2.12.0', true],
  [fetchedVersion, true],
])('version %s is new enough: %s', (version, isEnough) => {
  expect(isNewEnough(version)).toBe(isEnough);
});
