import { expect, test } from 'vitest';
import { formatOwner, isGone, type Owner, parseOwner } from './owned-folder.ts';

const owner: Owner = { pid: 4711, born: '8812', namespace: '4026' };
const alive = { isAlive: () => true };
const dead = { isAlive: () => false };

test('an owner is read back from the name of its folder', () => {
  expect(parseOwner(`${formatOwner(owner)}-aB3dEf`)).toEqual(owner);
  expect(parseOwner('4711-abc')).toBeUndefined();
});

test.each([
  ['has ended', dead, owner, true],
  ['lives', alive, owner, false],
  ['has ended and its id is used again', alive, { ...owner, born: '9999' }, true],
  ['lives and the system does not say since when', alive, { ...owner, born: '0' }, false],
  ['belongs to another namespace', dead, { ...owner, namespace: '5000' }, false],
])('of an owner that %s the folder may go: %s', (_, host, present, isIt) => {
  expect(isGone(owner, host, present)).toBe(isIt);
});
