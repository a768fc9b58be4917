import { describe, expect, it } from 'vitest';
import { errorCatalogue, errorFromData, errorToData, FencedError, hasCode, JaegisError } from '../errors.ts';
import { formatEntityId, keyToToken, parseEntityId, tokenToKey } from './entity-id.ts';
import { incarnation, nodeId } from './node-id.ts';
import { durableMessageId, parseDurableMessageId } from './turn.ts';
import { emptyView, memberOf, viewWith, viewWithout } from './view.ts';

const member = (id: string, life: string) => ({ id: nodeId(id), incarnation: incarnation(life) });

describe('a view', () => {
  const two = viewWith(viewWith(emptyView, member('b', '1')), member('a', '1'));

  it('grows by one epoch with each change and keeps its members sorted', () => {
    expect(two).toEqual({ epoch: 2, members: [member('a', '1'), member('b', '1')] });
  });

  it('holds one incarnation of a node', () => {
    expect(viewWith(two, member('a', '2')).members).toEqual([member('a', '2'), member('b', '1')]);
  });

  it('loses only the incarnation that is gone', () => {
    const again = viewWith(two, member('a', '2'));
    expect(viewWithout(again, [member('a', '1')]).members).toEqual(again.members);
    expect(viewWithout(again, [member('a', '2')]).members).toEqual([member('b', '1')]);
    expect(memberOf(again, nodeId('a'))).toEqual(member('a', '2'));
  });
});

describe('an entity id', () => {
  it.each(['cart-7', 'a.b', '*', '>', 'ä ö', 'x=y%2E', "~!()'", 'a/b', '日本'])(
    'key %s is one token and comes back',
    (key) => {
      const token = keyToToken(key);
      expect(token).toMatch(/^[A-Za-z0-9_=-]+$/);
      expect(tokenToKey(token)).toBe(key);
    },
  );

  it('splits at its first slash', () => {
    expect(parseEntityId(formatEntityId({ type: 'cart', key: 'a/b' }))).toEqual({ type: 'cart', key: 'a/b' });
    for (const bad of ['cart', '/a', 'cart/']) expect(() => parseEntityId(bad)).toThrow(/type\/key/);
  });
});

describe('a node name', () => {
  it.each(['', '-a', 'a.b', 'a b', 'a*', 'x'.repeat(64)])('%j is refused', (name) => {
    expect(() => nodeId(name)).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });
});

describe('the id of a durable message', () => {
  it('names its sender and number, also when the sender has a # in its key', () => {
    expect(parseDurableMessageId(durableMessageId('cart/a#1', 7))).toEqual({ sender: 'cart/a#1', number: 7 });
  });

  it.each(['abc', '#1', 'a#', 'a#0', 'a#x', 'a#1.5'])('%s is none', (id) => {
    expect(parseDurableMessageId(id)).toBeUndefined();
  });
});

describe('an error', () => {
  it('keeps code, data and causes over the wire, and tells what it means and what to do', () => {
    const error = new FencedError('refused', { cause: new Error('why'), data: { turn: 3 } });
    const back = errorFromData(JSON.parse(JSON.stringify(errorToData(error))));
    expect(back).toBeInstanceOf(JaegisError);
    expect(back).toMatchObject({
      name: 'FencedError',
      code: 'fenced',
      message: 'refused',
      data: { turn: 3 },
      retry: 'now',
    });
    expect(back.cause).toMatchObject({ message: 'why' });
    expect(hasCode(back, 'fenced')).toBe(true);
  });

  it('is described also where no Error was thrown', () => {
    expect(errorToData('plain')).toEqual({ name: 'Error', message: 'plain' });
    expect(errorToData(Object.create(null)).message).toBe('a value that cannot be shown');
  });

  it('of every code says whether to retry, what it means and what to do', () => {
    for (const [code, kind] of Object.entries(errorCatalogue)) {
      expect(['never', 'now', 'later'], code).toContain(kind.retry);
      expect(kind.meaning, code).toMatch(/\.$/);
      expect(kind.remedy, code).toMatch(/\.$/);
    }
  });
});
