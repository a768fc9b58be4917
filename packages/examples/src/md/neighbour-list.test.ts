import { describe, expect, it } from 'vitest';
import { NeighbourList } from './neighbour-list.ts';
import { sfc32 } from './seeded-random.ts';

describe('the neighbour list', () => {
  it.each([
    ['one cell', 8, 3.45, 60],
    ['three cells an edge', 10.5, 3.45, 120],
    ['six cells an edge', 24, 3.6, 400],
    ['more particles to a row than it has room for at first', 8, 4, 300],
  ])('holds exactly the pairs that a search of all pairs finds, each once: %s', (_, box, reach, particles) => {
    const uniform = sfc32([box, particles, 1]);
    const positions = Float64Array.from({ length: 3 * particles }, () => (3 * uniform() - 1) * box);
    const expected = allPairs(positions, box, reach);
    const list = new NeighbourList(particles, box, reach);
    list.build(positions);
    expect(pairsOf(list).toSorted()).toEqual(expected.toSorted());
    expect(expected.length).toBeGreaterThan(particles);
  });

  it('moves every particle into the box, also from just below its edge', () => {
    const positions = Float64Array.of(-1e-20, 8, -0.5, 17, 3, 7.999);
    new NeighbourList(2, 8, 3).build(positions);
    expect(positions).toEqual(Float64Array.of(0, 0, 7.5, 1, 3, 7.999));
  });

  it('forgets the last build', () => {
    const list = new NeighbourList(2, 12, 3);
    list.build(Float64Array.of(1, 1, 1, 2, 1, 1));
    list.build(Float64Array.of(1, 1, 1, 7, 1, 1));
    expect(pairsOf(list)).toEqual([]);
  });

  it('is refused with a reach above half the box', () => {
    expect(() => new NeighbourList(2, 8, 4.1)).toThrow('more than half the box 8');
  });
});

function pairsOf({ rows, starts, partners }: NeighbourList): string[] {
  return Array.from(rows, (particle, row) =>
    Array.from(partners.subarray(starts[row], starts[row + 1]), (other) => name(particle, other)),
  ).flat();
}

function allPairs(positions: Float64Array, box: number, reach: number): string[] {
  const pairs: string[] = [];
  for (let i = 0; i < positions.length / 3; i++) {
    for (let j = 0; j < i; j++) if (apart(positions, i, j, box) < reach) pairs.push(name(i, j));
  }
  return pairs;
}

function apart(positions: Float64Array, i: number, j: number, box: number): number {
  const axes = [0, 1, 2].map((axis) => (positions[3 * i + axis] ?? 0) - (positions[3 * j + axis] ?? 0));
  return Math.hypot(...axes.map((difference) => difference - box * Math.round(difference / box)));
}

function name(i: number, j: number): string {
  return `${Math.min(i, j)}-${Math.max(i, j)}`;
}
