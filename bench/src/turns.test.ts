import { expect, it } from 'vitest';
import { measureTurns } from './turns.ts';

it('measures turns beside raw appends, in a run of a few', async () => {
  const { appendMs, turnMs, ratio } = await measureTurns({ rounds: 3, turns: 5 });
  for (const value of [appendMs, turnMs, ratio]) expect(value).toBeGreaterThan(0);
});
