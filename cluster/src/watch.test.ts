import { defaultFaultDetector, incarnation, nodeId } from '@jaegis/core';
import { describe, expect, it } from 'vitest';
import { Watch } from './watch.ts';

const member = (id: string, life = '1') => ({ id: nodeId(id), incarnation: incarnation(life) });

function watching(...ids: string[]): Watch {
  const watch = new Watch(defaultFaultDetector);
  watch.follow(
    ids.map((id) => member(id)),
    0,
  );
  return watch;
}

const verdictOf = (watch: Watch, nowMs: number, lateMs = 0) => watch.look(nowMs, lateMs).map(({ is }) => is);

describe('a watched member', () => {
  it('counts as seen when it is first followed, and falls silent from there', () => {
    const watch = watching('n1');
    expect([100, 300, 1_600].map((now) => verdictOf(watch, now))).toEqual([['alive'], ['suspect'], ['down']]);
  });

  it('is alive again after a sign of life, and only a change is told as one', () => {
    const watch = watching('n1');
    expect(watch.look(300, 0)).toMatchObject([{ is: 'suspect', changed: true }]);
    expect(watch.look(350, 0)).toMatchObject([{ is: 'suspect', changed: false }]);
    watch.sign('n1', '1', 360);
    expect(watch.look(400, 0)).toMatchObject([{ is: 'alive', changed: true }]);
    expect(watch.status('n1')).toBe('alive');
  });

  it('is down at once when the server says that nobody listens at its address', () => {
    const watch = watching('n1', 'n2');
    watch.noResponders(member('n1'));
    expect(verdictOf(watch, 10)).toEqual(['down', 'alive']);
  });

  it('is alive again after a sign of life, also when nobody listened for it before', () => {
    const watch = watching('n1');
    watch.noResponders(member('n1'));
    expect(verdictOf(watch, 300)).toEqual(['down']);
    watch.sign('n1', '1', 310);
    expect(watch.look(350, 0)).toMatchObject([{ is: 'alive', changed: true, noResponders: false }]);
    expect(watch.status('n1')).toBe('alive');
  });

  it('is not helped or harmed by what is said of another life of the same node', () => {
    const watch = watching('n1');
    watch.sign('n1', 'other', 300);
    watch.noResponders(member('n1', 'other'));
    expect(verdictOf(watch, 300)).toEqual(['suspect']);
  });

  it('begins anew with a new life, and is forgotten when it leaves', () => {
    const watch = watching('n1');
    watch.noResponders(member('n1'));
    watch.follow([member('n1', '2')], 5_000);
    expect(verdictOf(watch, 5_010)).toEqual(['alive']);
    watch.follow([], 5_020);
    expect(verdictOf(watch, 9_000)).toEqual([]);
  });

  it('is not blamed for what the watcher was late itself', () => {
    expect(verdictOf(watching('n1'), 1_700, 1_600)).toEqual(['alive']);
  });
});
