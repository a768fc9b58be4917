import { expect, it } from 'vitest';
import { addressOperand, nodeIfAny, nodeOperand } from './operands.ts';

it.each(['cart/7', 'n1/user/cart', 'cart/a/b'])('%s may be an address', (text) => {
  expect(addressOperand(text)).toBe(text);
});

it.each(['cart', '', '/7', 'cart/'])('%j is refused as an address', (text) => {
  expect(() => addressOperand(text)).toThrow(`${JSON.stringify(text)} is no address: expected "type/key"`);
});

it('a node is named by letters, digits, - and _', () => {
  expect(nodeOperand('n1')).toBe('n1');
  expect(() => nodeOperand('a/b')).toThrow('"a/b" is no name of a node: use 1 to 63 letters');
  expect(nodeIfAny(undefined)).toBeUndefined();
  expect(() => nodeIfAny('')).toThrow('"" is no name of a node');
});
