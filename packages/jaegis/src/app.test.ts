import { expect, it } from 'vitest';
import { defineApp } from './app.ts';

it('an option of an app that nobody reads is refused by its name', () => {
  const spec: object = { entity: [] };
  const refusal = { code: 'invalid_definition', data: { path: 'entity', rule: 'unknown_option' } };
  expect(() => defineApp(spec)).toThrow(expect.objectContaining(refusal));
});
