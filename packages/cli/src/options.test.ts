import { expect, it } from 'vitest';
import { wantsJson } from './options.ts';

it.each([
  [['tree', '--json', '--jsn'], {}, true],
  [['teee', '--json'], {}, true],
  [['teee'], { JAEGIS_JSON: 'true' }, true],
  [['teee'], { JAEGIS_JSON: 'false' }, false],
  [['tell', 'a/b', '--', '--json'], {}, false],
  [[], {}, false],
])('%j with the variables %j: %j', (words, variables, expected) => {
  expect(wantsJson(words, variables)).toBe(expected);
});
