import { describe, expect, it } from 'vitest';
import { errorToData, FencedError, hasCode } from '../errors.ts';
import { exitToData, isCleanExit, isShutdown } from './exit.ts';

const refuse = () => {
  throw new Error('trapped');
};
const everyTrap = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect)
    .filter((name) => typeof name === 'string')
    .map((name) => [name, refuse]),
);
const hostileProxy = (target: object) => new Proxy(target, everyTrap);
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const getters = (target: object, names: readonly string[]) =>
  Object.defineProperties(target, Object.fromEntries(names.map((name) => [name, { get: refuse }])));
const cyclic = () => {
  const error = new Error('round');
  error.cause = error;
  return error;
};

/** What an actor may throw although nobody should. Made inside each test, since vitest cannot print them all. */
const hostile: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'a number': () => 0,
  'a bigint': () => 1n,
  'a symbol': () => Symbol('why'),
  'a function': () => refuse,
  'an empty string': () => '',
  'an object without a prototype': () => Object.create(null),
  'an object whose text is no text': () => ({ toString: () => ({}) }),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'an error that is its own cause': () => cyclic(),
  'an error whose fields are no text': () =>
    Object.assign(new Error(), { name: 1, message: Symbol('m'), stack: 2, code: {} }),
  'an error with getters that throw': () => getters(new Error('x'), ['name', 'message', 'stack', 'cause', 'code']),
  'an error whose cause refuses everything': () => new Error('x', { cause: hostileProxy({}) }),
  'a proxy that refuses everything': () => hostileProxy({}),
  'a proxy of an error that refuses everything': () => hostileProxy(new Error('x')),
  'a proxy of a function that refuses everything': () => hostileProxy(refuse),
  'a revoked proxy': () => revoked(),
  'a shutdown whose info throws': () => getters({}, ['shutdown']),
  'a shutdown whose info refuses everything': () => ({ shutdown: hostileProxy({}) }),
};

describe('a clean exit', () => {
  it.each<[unknown, boolean]>([
    ['normal', true],
    ['shutdown', true],
    [{ shutdown: 'info' }, true],
    [{ shutdown: undefined }, true],
    ['kill', false],
    ['killed', false],
    ['noproc', false],
    ['noconnection', false],
    ['Normal', false],
    [undefined, false],
    [{}, false],
    [Object.create({ shutdown: 'inherited' }), false],
    [Object.assign(new Error('x'), { shutdown: 'info' }), false],
    [new Error('normal'), false],
  ])('%o: %s', (reason, clean) => {
    expect(isCleanExit(reason)).toBe(clean);
  });

  it('is a shutdown only with info', () => {
    expect([isShutdown('shutdown'), isShutdown({ shutdown: 1 })]).toEqual([false, true]);
  });
});

describe('an exit as data', () => {
  it.each<[unknown, unknown]>([
    ['killed', 'killed'],
    [{ shutdown: 'upgrade' }, { name: 'Shutdown', message: 'upgrade' }],
    [{ shutdown: new Error('why') }, { name: 'Shutdown', message: 'why' }],
    [undefined, { name: 'Error', message: 'undefined' }],
    [Symbol('why'), { name: 'Error', message: 'Symbol(why)' }],
  ])('%o: %o', (reason, data) => {
    expect(exitToData(reason)).toEqual(data);
  });

  it('says so where nothing can be read', () => {
    expect(exitToData(revoked())).toEqual({ name: 'Error', message: 'a value that cannot be shown' });
  });

  it('keeps what can be read of an error that throws when looked at', () => {
    expect(exitToData(getters(new Error('x'), ['name', 'stack', 'cause']))).toEqual({ name: 'Error', message: 'x' });
    expect(exitToData(getters(new FencedError('x', { data: { turn: 1 } }), ['message', 'stack']))).toEqual({
      name: 'FencedError',
      message: 'undefined',
      code: 'fenced',
      data: { turn: 1 },
    });
  });

  it.each(Object.keys(hostile))('never throws: %s', (name) => {
    const reason = hostile[name]?.();
    const data = exitToData(reason);
    expect(isCleanExit(reason)).toBe(isShutdown(reason));
    expect(typeof data === 'string' ? data : [typeof data.name, typeof data.message]).toEqual(
      typeof data === 'string' ? reason : ['string', 'string'],
    );
    expect(errorToData(reason)).toMatchObject({ name: expect.any(String), message: expect.any(String) });
    expect(hasCode(reason, 'fenced')).toBe(false);
  });
});
