import { limits } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import type { Incident } from './answers.ts';
import { IncidentLog, merged } from './incidents.ts';

function log() {
  let now = 1_000;
  const made = new IncidentLog('n1', () => now);
  return { made, later: (ms: number) => (now += ms) };
}

describe('the incidents of a node', () => {
  it('that repeat within a minute are counted, and are a new one after that', () => {
    const { made, later } = log();
    for (const ms of [0, 10_000, 59_000, 60_000]) {
      later(ms);
      made.note({ type: 'actor_crashed', address: 'n1/user/a', error: `at ${ms}` });
    }
    expect(made.list(10)).toMatchObject([
      { firstMs: 1_000, lastMs: 70_000, count: 3, detail: { error: 'at 59000' } },
      { firstMs: 130_000, lastMs: 130_000, count: 1 },
    ]);
  });

  it('are no announcements of actors, and no end of an entity that goes on at its next message', () => {
    const { made } = log();
    made.note({ type: 'run_finished', run: 'a' });
    for (const reason of ['moved', 'passivated', 'done']) made.note({ type: 'entity_stopped', entity: 'a/b', reason });
    made.note({ type: 'entity_stopped', entity: 'a/b', reason: 'crashed too often' });
    expect(made.list(10)).toMatchObject([{ type: 'entity_stopped', subject: 'a/b', by: ['n1'] }]);
  });

  it('tell one change of a status from the next', () => {
    const { made } = log();
    for (const to of ['suspect', 'down', 'down']) made.note({ type: 'status_changed', of: 'n3', from: 'alive', to });
    expect(made.list(10)).toMatchObject([
      { subject: 'n3', count: 1, detail: { to: 'suspect' } },
      { subject: 'n3', count: 2, detail: { to: 'down' } },
    ]);
  });

  it('that were agreed on before it heard of them stand at that time', () => {
    const { made, later } = log();
    later(50_000);
    made.note({ type: 'actor_crashed', address: 'n1/user/a', error: 'now' });
    made.note({ type: 'node_down', down: 'n3' }, 2_000);
    expect(made.list(10)).toMatchObject([
      { type: 'node_down', firstMs: 2_000, lastMs: 2_000 },
      { type: 'actor_crashed', lastMs: 51_000 },
    ]);
  });

  it('are bounded: the oldest are forgotten', () => {
    const { made, later } = log();
    for (let n = 0; n < limits.incidents + 5; n++) {
      later(1);
      made.note({ type: 'node_suspected', suspect: `n${n}` });
    }
    const list = made.list(10_000);
    expect([list.length, list[0]?.subject]).toEqual([limits.incidents, 'n5']);
    expect(made.list(2).map(({ subject }) => subject)).toEqual([
      `n${limits.incidents + 3}`,
      `n${limits.incidents + 4}`,
    ]);
  });
});

describe('the incidents of several nodes', () => {
  const down = (by: string, atMs: number, subject = 'n9'): Incident => {
    return { type: 'node_down', subject, by: [by], firstMs: atMs, lastMs: atMs, count: 1, detail: {} };
  };

  it('are in the order of time; what they say alike at about the same time is one', () => {
    const list = merged([[down('n2', 1_100), down('n2', 90_000)], [down('n1', 1_000)], [down('n3', 1_050, 'n8')]], 10);
    expect(list).toMatchObject([
      { subject: 'n9', by: ['n1', 'n2'], firstMs: 1_000, lastMs: 1_000 },
      { subject: 'n8', by: ['n3'] },
      { subject: 'n9', by: ['n2'], firstMs: 90_000 },
    ]);
  });

  it('stand where the first saw them, though another was stopped and saw them later', () => {
    const late = [down('n3', 4_100), down('n3', 4_101, 'n8')];
    const list = merged([[down('n1', 1_000), down('n1', 2_000, 'n8'), down('n1', 3_000, 'n7')], late], 10);
    expect(list).toMatchObject([
      { subject: 'n9', by: ['n1', 'n3'], firstMs: 1_000, lastMs: 1_000 },
      { subject: 'n8', by: ['n1', 'n3'], lastMs: 2_000 },
      { subject: 'n7', by: ['n1'] },
    ]);
  });

  it('that one saw repeat and another did not stand where they were last seen', () => {
    const often = { ...down('n1', 1_000), lastMs: 20_000, count: 3 };
    expect(merged([[down('n2', 1_200)], [often]], 10)).toMatchObject([
      { by: ['n1', 'n2'], firstMs: 1_000, lastMs: 20_000, count: 3 },
    ]);
  });

  it('are cut to the newest', () => {
    expect(merged([[down('n1', 1), down('n1', 60_000)]], 1)).toMatchObject([{ firstMs: 60_000 }]);
  });
});
