import type { ClusterEvent } from 'jaegis';
import { describe, expect, it } from 'vitest';
import { Incidents } from './incidents.ts';

const event = (node: string, type: string, fields: object): ClusterEvent => ({ ...fields, type, node, timeMs: 0 });
const started = (node: string, run: string) =>
  event(node, 'entity_started', { entity: `simulation/${run}`, resumed: true });
const progress = (node: string, run: string, step: number) => event(node, 'progress', { run, step });

function threeRuns(): Incidents {
  const incidents = new Incidents();
  for (const [node, run] of [
    ['n1', 'a'],
    ['n2', 'b'],
    ['n2', 'c'],
  ] as const) {
    incidents.on(started(node, run), 0);
    incidents.on(progress(node, run, 100), 1);
  }
  return incidents;
}

describe('the victim', () => {
  it('is the node with the most unfinished runs, the first by name among equals', () => {
    const incidents = threeRuns();
    expect(incidents.busiest(['n1', 'n2', 'n3'])).toEqual({ node: 'n2', runs: ['b', 'c'] });
    incidents.on(event('n3', 'run_finished', { run: 'b' }), 2);
    expect(incidents.busiest(['n2', 'n1'])?.node).toBe('n1');
  });

  it('is nobody when no run is left', () => {
    expect(new Incidents().busiest(['n1'])).toBeUndefined();
  });
});

describe('a recovery', () => {
  it('is timed from the kill to the first notice, the last resumption and the last new work', () => {
    const incidents = threeRuns();
    const incident = incidents.killed('n2', 1_000);
    incidents.on(event('n1', 'node_down', { down: 'n2' }), 1_200);
    incidents.on(event('n3', 'node_down', { down: 'n2' }), 1_250);
    incidents.on(started('n1', 'b'), 1_300);
    incidents.on(progress('n1', 'b', 100), 1_350); // a repeat of what was committed is no new work
    incidents.on(started('n3', 'c'), 1_400);
    incidents.on(progress('n3', 'c', 200), 1_500);
    expect(incidents.isOver(incident)).toBe(false);
    incidents.on(progress('n1', 'b', 200), 1_600);
    expect(incidents.isOver(incident)).toBe(true);
    expect(incidents.recoveries()).toEqual([
      { victim: 'n2', moved: ['b', 'c'], noticedMs: 200, resumedMs: 400, unheard: [], advancedMs: 600 },
    ]);
  });

  it('is none while a moved run has not begun again', () => {
    const incidents = threeRuns();
    incidents.killed('n2', 1_000);
    incidents.on(started('n1', 'b'), 1_300);
    expect(incidents.recoveries()[0]).toMatchObject({ noticedMs: Infinity, resumedMs: Infinity });
  });

  it('takes no word of the victim itself for a resumption', () => {
    const incidents = threeRuns();
    incidents.killed('n2', 1_000);
    incidents.on(started('n2', 'b'), 1_001);
    expect(incidents.recoveries()[0]?.resumedMs).toBe(Infinity);
  });

  it('has no run that was finished before the kill, also where that is heard after it', () => {
    const incidents = threeRuns();
    const incident = incidents.killed('n2', 1_000);
    incidents.on(event('n1', 'run_finished', { run: 'b' }), 1_001);
    incidents.on(started('n1', 'c'), 1_300);
    incidents.on(progress('n1', 'c', 200), 1_500);
    expect(incidents.isOver(incident)).toBe(true);
    expect(incidents.recoveries()[0]).toMatchObject({ moved: ['c'], resumedMs: 300, advancedMs: 500 });
  });

  it('is none that anything needed, where all that the victim ran was finished', () => {
    const incidents = threeRuns();
    const incident = incidents.killed('n2', 1_000);
    for (const run of ['b', 'c']) incidents.finished(run);
    expect(incidents.isOver(incident)).toBe(true);
    expect(incidents.recoveries()[0]).toMatchObject({ moved: [], resumedMs: undefined, advancedMs: undefined });
  });

  it('is timed by the new work of a run whose beginning elsewhere was not heard, and says of which', () => {
    const incidents = threeRuns();
    incidents.killed('n2', 1_000);
    incidents.on(started('n1', 'b'), 1_300);
    incidents.on(progress('n1', 'b', 200), 1_400);
    incidents.on(progress('n3', 'c', 200), 1_500);
    expect(incidents.recoveries()[0]).toMatchObject({ moved: ['b', 'c'], resumedMs: 500, unheard: ['c'] });
  });

  it('keeps the run that was finished after it had begun again', () => {
    const incidents = threeRuns();
    incidents.killed('n1', 1_000);
    incidents.on(started('n3', 'a'), 1_300);
    incidents.on(event('n3', 'run_finished', { run: 'a' }), 1_400);
    expect(incidents.recoveries()[0]).toMatchObject({ moved: ['a'], resumedMs: 300, advancedMs: undefined });
  });

  it('is not looked for of a run that has come to its last step', () => {
    const incidents = new Incidents(100);
    incidents.on(started('n1', 'a'), 0);
    incidents.on(progress('n1', 'a', 100), 1);
    expect(incidents.busiest(['n1'])).toBeUndefined();
  });
});
