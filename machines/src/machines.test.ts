import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, initialTransition, transition } from 'xstate';
import { memberMachine, nodeMachine } from './index.ts';

function after(machine: AnyStateMachine, ...types: string[]): unknown {
  let [snapshot] = initialTransition(machine);
  for (const type of types) [snapshot] = transition(machine, snapshot, { type });
  return snapshot.value;
}

describe('a member', () => {
  it.each([
    [[], 'alive'],
    [['calm'], 'alive'],
    [['steady'], 'alive'],
    [['trouble'], 'troubled'],
    [['trouble', 'trouble'], 'troubled'],
    [['trouble', 'steady'], 'troubled'],
    [['trouble', 'calm'], 'recovering'],
    [['trouble', 'calm', 'calm'], 'recovering'],
    [['trouble', 'calm', 'trouble'], 'troubled'],
    [['trouble', 'calm', 'steady'], 'alive'],
  ])('after %j is %s', (events, state) => {
    expect(after(memberMachine, ...events)).toBe(state);
  });
});

describe('a node', () => {
  it.each([
    [[], 'starting'],
    [['joined'], 'starting'],
    [['start'], 'joining'],
    [['start', 'joined'], 'up'],
    [['start', 'joined', 'removed'], 'joining'],
    [['start', 'joined', 'removed', 'joined'], 'up'],
    [['start', 'leave'], 'leaving'],
    [['start', 'joined', 'leave'], 'leaving'],
    [['start', 'joined', 'leave', 'removed'], 'leaving'],
    [['start', 'joined', 'leave', 'left'], 'stopped'],
    [['start', 'joined', 'leave', 'left', 'joined'], 'stopped'],
  ])('after %j is %s', (events, state) => {
    expect(after(nodeMachine, ...events)).toBe(state);
  });
});
