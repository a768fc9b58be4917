import { sleep } from '@jaegis/core';
import { realClock } from '@jaegis/node';
import { VirtualClock } from '@jaegis/sim';
import { clockContract } from './clock.contract.ts';

clockContract('real', () => {
  const clock = realClock();
  return { clock, passing: (ms) => sleep(clock, ms) };
});

clockContract('virtual', () => {
  const clock = new VirtualClock();
  return { clock, passing: (ms) => clock.advance(ms) };
});
