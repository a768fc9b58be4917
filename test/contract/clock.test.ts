import { sleep } from '@jaegis/core';
import { realClock } from '@jaegis/node';
import { NodeClock, VirtualClock } from '@jaegis/sim';
import { clockContract } from './clock.contract.ts';

clockContract('real', () => {
  const clock = realClock();
  return { clock, passing: (ms) => sleep(clock, ms) };
});

clockContract('virtual', () => {
  const clock = new VirtualClock();
  return { clock, passing: (ms) => clock.advance(ms) };
});

clockContract('of a node, which runs slow', () => {
  const world = new VirtualClock();
  const clock = new NodeClock(world);
  clock.drift(0.7);
  return { clock, passing: (ms) => world.advance(ms / 0.7) };
});
