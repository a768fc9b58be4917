import { describe, expect, it } from 'vitest';
import { type EventFrom, initialTransition, transition } from 'xstate';
import { breakerMachine } from './index.ts';

type Event = EventFrom<typeof breakerMachine>;

const tripped: Event = { type: 'tripped' };
const waited: Event = { type: 'waited' };
const begun: Event = { type: 'probe begun' };
const overdue: Event = { type: 'probes overdue' };
const recovered: Event = { type: 'recovered' };
const forceOpen: Event = { type: 'force open' };
const forceClosed: Event = { type: 'force closed' };
const disable: Event = { type: 'disable' };
const reset: Event = { type: 'reset' };
const succeeded = (epoch: number): Event => ({ type: 'probe succeeded', epoch });
const failed = (epoch: number): Event => ({ type: 'probe failed', epoch });
const ignored = (epoch: number): Event => ({ type: 'probe ignored', epoch });

/** Two probes at once, two successes to close. */
function after(events: readonly Event[]): [state: unknown, epoch: number, probes: number, successes: number] {
  let [snapshot] = initialTransition(breakerMachine, { most: 2, needed: 2 });
  for (const event of events) [snapshot] = transition(breakerMachine, snapshot, event);
  const { epoch, probes, successes } = snapshot.context;
  return [snapshot.value, epoch, probes, successes];
}

const halfOpen = [tripped, waited];

describe('a breaker', () => {
  it.each<[readonly Event[], string, number, number, number]>([
    [[], 'closed', 1, 0, 0],
    [[waited], 'closed', 1, 0, 0],
    [[begun, succeeded(1), failed(1), overdue, recovered], 'closed', 1, 0, 0],
    [[reset], 'closed', 2, 0, 0],
    [[tripped], 'open', 2, 0, 0],
    [[tripped, tripped, begun, failed(2), succeeded(2)], 'open', 2, 0, 0],
    [[tripped, recovered], 'closed', 3, 0, 0],
    [[tripped, reset], 'closed', 3, 0, 0],
    [halfOpen, 'half_open', 3, 0, 0],
    [[...halfOpen, waited], 'half_open', 3, 0, 0],
    [[...halfOpen, begun], 'half_open', 3, 1, 0],
    [[...halfOpen, begun, begun, begun], 'half_open', 3, 2, 0],
    [[...halfOpen, begun, succeeded(3)], 'half_open', 3, 0, 1],
    [[...halfOpen, begun, begun, succeeded(3), succeeded(3)], 'closed', 4, 0, 0],
    [[...halfOpen, begun, succeeded(2), failed(1)], 'half_open', 3, 1, 0],
    [[...halfOpen, begun, begun, succeeded(3), failed(3)], 'open', 4, 0, 0],
    [[...halfOpen, begun, begun, failed(3), succeeded(3), succeeded(3)], 'open', 4, 0, 0],
    [[...halfOpen, begun, failed(3), waited, begun, succeeded(3), succeeded(5)], 'half_open', 5, 0, 1],
    [[...halfOpen, begun, ignored(3)], 'half_open', 3, 0, 0],
    [[...halfOpen, begun, ignored(1)], 'half_open', 3, 1, 0],
    [[...halfOpen, begun, overdue], 'half_open', 3, 1, 0],
    [[...halfOpen, begun, begun, overdue], 'open', 4, 0, 0],
    [[...halfOpen, begun, tripped], 'open', 4, 0, 0],
    [[...halfOpen, begun, recovered], 'closed', 4, 0, 0],
    [[{ type: 'tuned', most: 1, needed: 1 }, ...halfOpen, begun, begun, succeeded(3)], 'closed', 4, 0, 0],
    [[forceOpen], 'forced_open', 2, 0, 0],
    [[forceOpen, forceOpen, tripped, waited, begun, recovered], 'forced_open', 2, 0, 0],
    [[forceOpen, reset], 'closed', 3, 0, 0],
    [[forceOpen, forceClosed], 'forced_closed', 3, 0, 0],
    [[forceClosed, forceClosed, tripped, waited], 'forced_closed', 2, 0, 0],
    [[...halfOpen, begun, forceClosed, succeeded(3)], 'forced_closed', 4, 0, 0],
    [[disable, disable, tripped], 'disabled', 2, 0, 0],
    [[tripped, disable, reset], 'closed', 4, 0, 0],
  ])('after %j is %s in epoch %i, with %i probes and %i successes', (events, ...expected) => {
    expect(after(events)).toEqual(expected);
  });
});
