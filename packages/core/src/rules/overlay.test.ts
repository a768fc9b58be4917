import { describe, expect, it } from 'vitest';
import { incarnation, nodeId } from '../values/node-id.ts';
import { type View, viewWith, viewWithout } from '../values/view.ts';
import { observersOf, subjectsOf, watchRings } from './overlay.ts';

const member = (id: string) => ({ id: nodeId(id), incarnation: incarnation('1') });

function viewOf(count: number): View {
  const members = Array.from({ length: count }, (_, index) => member(`n${String(index).padStart(4, '0')}`));
  return { epoch: 1, members };
}

/** The ids that each member watches. */
function edges(view: View): Map<string, string[]> {
  return new Map(view.members.map(({ id }) => [id, subjectsOf(id, view).map((subject) => subject.id)]));
}

function reachable(from: string, graph: ReadonlyMap<string, readonly string[]>, without: ReadonlySet<string>): number {
  const seen = new Set([from]);
  for (const id of seen) for (const next of graph.get(id) ?? []) if (!without.has(next)) seen.add(next);
  return seen.size;
}

describe('the overlay', () => {
  it.each([1, 2, 3, watchRings + 1])('of %i members is everybody watching everybody', (count) => {
    const view = viewOf(count);
    for (const [id, subjects] of edges(view)) {
      expect(subjects).toEqual(view.members.map((other) => other.id).filter((other) => other !== id));
    }
  });

  it.each([12, 30, 100, 400])('of %i members costs each the same, and leaves nobody with few watchers', (count) => {
    const view = viewOf(count);
    const watched = [...edges(view).values()].map(({ length }) => length);
    const watchers = view.members.map(({ id }) => observersOf(id, view).length);
    for (const degrees of [watched, watchers]) {
      expect(Math.max(...degrees)).toBeLessThanOrEqual(watchRings);
      expect(Math.min(...degrees)).toBeGreaterThanOrEqual(4);
    }
    const mean = watched.reduce((sum, degree) => sum + degree, 0) / count;
    expect(mean).toBeGreaterThan(count > 20 ? watchRings * 0.8 : watchRings * 0.6);
  });

  it('is the same seen from both ends', () => {
    const view = viewOf(60);
    for (const { id } of view.members) {
      const watchers = observersOf(id, view).map((observer) => observer.id);
      const found = view.members.filter((other) => subjectsOf(other.id, view).some((subject) => subject.id === id));
      expect(watchers).toEqual(found.map((other) => other.id));
    }
  });

  it('is of one piece, also where a quarter of the members fail', () => {
    const view = viewOf(200);
    const graph = edges(view);
    expect(reachable('n0000', graph, new Set())).toBe(200);
    for (let first = 0; first < 4; first++) {
      const failed = new Set(view.members.filter((_, index) => index % 4 === first).map(({ id }) => id));
      const start = view.members.find(({ id }) => !failed.has(id));
      expect(reachable(start?.id ?? '', graph, failed)).toBe(150);
      // Everybody who fails is watched by somebody who does not.
      for (const id of failed) {
        const watchers = observersOf(nodeId(id), view).filter((observer) => !failed.has(observer.id));
        expect(watchers.length).toBeGreaterThan(watchRings / 3);
      }
    }
  });

  it('depends on who is in the view only', () => {
    const view = viewOf(50);
    const later = { epoch: 9, members: view.members.map(({ id }) => ({ ...member(id), weight: 3, draining: true })) };
    expect(edges(later)).toEqual(edges(view));
  });

  it('changes by two neighbours on each ring where a member comes or goes', () => {
    const view = viewOf(100);
    const before = edges(view);
    for (const [after, id] of [
      [viewWith(view, member('new')), 'new'],
      [viewWithout(view, [member('n0042')]), 'n0042'],
    ] as const) {
      const changed = [...edges(after)].filter(([watcher, subjects]) => {
        const others = (before.get(watcher) ?? []).filter((subject) => subject !== id);
        return watcher !== id && others.join() !== subjects.filter((subject) => subject !== id).join();
      });
      expect(changed.length).toBeLessThanOrEqual(watchRings);
    }
  });

  it('tells who is not in the view whom it would watch', () => {
    expect(subjectsOf(nodeId('client'), viewOf(100)).length).toBeGreaterThan(watchRings / 2);
  });
});
