import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Need, needsOf, type Role } from './role-needs.ts';

/** What docs/security.md shows. */
const permissions = readFileSync(new URL('../../../../test/fixtures/permissions.conf', import.meta.url), 'utf8');

function permitted(role: Role, does: Need['does']): string[] {
  // "operator" is a word of the server's own there.
  const name = role === 'operator' ? 'operation' : role;
  const [, body = ''] = new RegExp(`^${name} = (\\{[^}]*\\})`, 'm').exec(permissions) ?? [];
  const [, list = ''] = new RegExp(`${does} = \\[([^\\]]*)\\]`).exec(body) ?? [];
  return [...list.replaceAll(/#.*/g, '').matchAll(/"([^"]+)"/g)].map(([, subject = '']) => subject);
}

function matches(pattern: string, subject: string): boolean {
  const [wanted, given] = [pattern.split('.'), subject.split('.')];
  const open = wanted.at(-1) === '>';
  if (open ? given.length < wanted.length : given.length !== wanted.length) return false;
  return wanted.every((token, index) => token === '*' || token === '>' || token === given[index]);
}

/** The user that has the role. */
const users = {
  member: 'node',
  client: 'client',
  inspector: 'inspector',
  operator: 'operator',
  backup: 'backup',
} as const;
const needs = (name: Role) => needsOf(name, { cluster: 'shop', inboxPrefix: `_INBOX.${users[name]}`, chance: 'x7' });
const names = Object.keys(users) as Role[]; // its keys

it.each(names)('the page permits a %s all that is tried for it', (name) => {
  const lacking = needs(name).filter(
    ({ does, subject }) => !permitted(name, does).some((each) => matches(each, subject)),
  );
  expect(lacking.map(({ does, subject }) => `${does} ${subject}`)).toEqual([]);
});

/** That cannot be tried without being heard of, is asked by the examination itself, or is left out where one may do without. */
const untried = [
  'jaegis.shop.event',
  '$JS.API.INFO',
  '$JS.API.DIRECT.GET.JAEGIS_shop_TURNS',
  '$SRV.PING.jaegis',
  ...['CREATE', 'INFO', 'UPDATE', 'MSG.GET'].map((request) => `$JS.API.STREAM.${request}.KV_JAEGIS_shop_BREAKERS`),
  '$KV.JAEGIS_shop_BREAKERS.>',
];

it.each(names)('all that the page permits a %s is tried', (name) => {
  const left = (['publish', 'subscribe'] as const).flatMap((does) => {
    const tried = needs(name).filter((need) => need.does === does);
    return permitted(name, does).filter((pattern) => !tried.some(({ subject }) => matches(pattern, subject)));
  });
  expect(left.filter((pattern) => !untried.includes(pattern))).toEqual([]);
});

it('what is tried cannot take effect', () => {
  for (const { does, subject, body, isForNoStream } of names.flatMap(needs)) {
    if (does === 'subscribe') continue;
    const request = /^\$JS\.API\.(STREAM|CONSUMER)\.(CREATE|UPDATE|PURGE)/.exec(subject)?.[2];
    if (request === 'PURGE') expect(body).toContain('x7');
    else if (request) expect(body).toContain('JAEGIS-none');
    else if (!subject.startsWith('$JS.')) expect(isForNoStream === true || subject.includes('x7'), subject).toBe(true);
  }
});
