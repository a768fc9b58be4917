import { errorCatalogue, JaegisError } from 'jaegis';
import { expect, it } from 'vitest';
import { exitCodeFor } from './exit-code.ts';

it.each([
  ['actor_crashed', 1],
  ['invalid_config', 2],
  ['connect_failed', 3],
  ['no_such_cluster', 3],
  ['no_such_actor', 4],
  ['ask_timeout', 5],
  ['permission_denied', 6],
] as const)('%s ends the command with %i', (code, expected) => {
  expect(exitCodeFor(new JaegisError(code, 'x'))).toBe(expected);
});

it('no error ends it as if all were well, and what is no error of ours is a failure', () => {
  for (const code of Object.keys(errorCatalogue)) expect(exitCodeFor({ code })).toBeGreaterThan(0);
  expect(exitCodeFor(new Error('x'))).toBe(1);
});
