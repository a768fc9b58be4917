import { describe, expect, it } from 'vitest';
import { type EventFrom, initialTransition, transition } from 'xstate';
import { consensusMachine } from './index.ts';

type Event = EventFrom<typeof consensusMachine>;

const missed: Event = { type: 'leader missed', term: 3 };
const won: Event = { type: 'votes won' };
const lost: Event = { type: 'votes lost' };
const taken: Event = { type: 'term taken' };
const fenced: Event = { type: 'fenced' };
const out: Event = { type: 'out' };
const known = (term: number): Event => ({ type: 'leader known', term });

/** The state that the events lead to, its term, and what the last of them had it do. */
function after(events: readonly Event[]): [state: unknown, term: number, actions: readonly string[]] {
  let [snapshot, actions] = initialTransition(consensusMachine);
  for (const event of events) [snapshot, actions] = transition(consensusMachine, snapshot, event);
  return [snapshot.value, snapshot.context.term, actions.map(({ type }) => type)];
}

describe('a member in consensus', () => {
  it.each<[readonly Event[], string, number, string[]]>([
    [[], 'follower', 0, []],
    [[known(5)], 'follower', 0, []],
    [[missed], 'pre-candidate', 4, ['ask for pre-votes']],
    [[missed, missed], 'pre-candidate', 4, []],
    [[missed, lost], 'follower', 4, []],
    [[missed, known(2)], 'pre-candidate', 4, []],
    [[missed, known(3)], 'follower', 4, []],
    [[missed, won], 'candidate', 4, ['ask for votes']],
    [[missed, won, known(3)], 'candidate', 4, []],
    [[missed, won, known(4)], 'follower', 4, []],
    [[missed, won, lost], 'follower', 4, []],
    [[missed, won, won], 'claimant', 4, ['take the term']],
    [[missed, won, won, known(4)], 'follower', 4, []],
    [[missed, won, won, fenced], 'follower', 4, []],
    [[missed, won, won, { type: 'not written' }], 'follower', 4, []],
    [[missed, won, won, taken, { type: 'not written' }], 'leader', 4, []],
    [[missed, won, won, taken], 'leader', 4, ['lead']],
    [[missed, won, won, taken, known(3)], 'leader', 4, []],
    [[missed, won, won, taken, known(5)], 'follower', 4, ['step down']],
    [[missed, won, won, taken, fenced], 'follower', 4, ['step down']],
    [[missed, won, won, taken, out], 'follower', 4, ['step down']],
    [[missed, lost, { type: 'leader missed', term: 6 }], 'pre-candidate', 7, ['ask for pre-votes']],
    [[missed, lost, missed], 'pre-candidate', 4, ['ask for pre-votes']],
    // It has voted for itself, and another one may have done the same.
    [[missed, won, lost, missed], 'pre-candidate', 5, ['ask for pre-votes']],
    [[missed, won, lost, missed, known(2)], 'pre-candidate', 5, []],
    [[missed, won, lost, missed, known(3)], 'follower', 5, []],
    [[missed, won, lost, missed, won, known(3)], 'candidate', 5, []],
    [[missed, won, lost, missed, won, known(4)], 'follower', 5, []],
    [[taken], 'follower', 0, []],
    [[missed, taken], 'pre-candidate', 4, []],
  ])('after %j is a %s of term %i, which is to %j', (events, state, term, actions) => {
    expect(after(events)).toEqual([state, term, actions]);
  });
});
