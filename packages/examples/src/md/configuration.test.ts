import { describe, expect, it } from 'vitest';
import { ConfigurationError, loadSample, parseConfiguration, tile } from './configuration.ts';

const good = '2\n1 8.0 8.0 8.0\n  1  0.5 1.5 -2.5E+00\n  2  3 2 1\n';

describe('the configuration file', () => {
  it('gives the box and the positions in order', () => {
    expect(parseConfiguration(good)).toEqual({ box: 8, positions: Float64Array.of(0.5, 1.5, -2.5, 3, 2, 1) });
  });

  it('is NIST sample 4 with 30 particles in a box of 8', () => {
    const { box, positions } = loadSample();
    expect([box, positions.length, positions[0], positions[89]]).toEqual([8, 90, 1.077169909511, -1.252452130644]);
  });

  it.each([
    ['an empty file', '', 1],
    ['a count that is no whole number', good.replace('2\n', '2.5\n'), 1],
    ['no particles', '0\n1 8 8 8\n', 1],
    ['a box line that is missing', '2', 2],
    ['a box that is no cube', good.replace('8.0 8.0 8.0', '8 8 9'), 2],
    ['a box without extent', good.replace('8.0 8.0 8.0', '0 0 0'), 2],
    ['a particle out of order', good.replace('  1  ', '  2  '), 3],
    ['a coordinate that is no number', good.replace('-2.5E+00', 'two'), 3],
    ['a coordinate that is infinite', good.replace('-2.5E+00', 'Infinity'), 3],
    ['a coordinate that is missing', good.replace('3 2 1', '3 2'), 4],
    ['a particle that is missing', good.replace('  2  3 2 1\n', ''), 4],
    ['a particle too many', `${good}  3 1 1 1\n`, 5],
  ])('is refused with its line for %s', (_, text, line) => {
    const refused = () => parseConfiguration(text);
    expect(refused).toThrow(ConfigurationError);
    expect(refused).toThrow(`line ${line}: `);
    expect(refused).toThrow(expect.objectContaining({ line }));
  });
});

describe('a tiled box', () => {
  it('holds every particle once in each of its cells', () => {
    const { box, positions } = tile(parseConfiguration(good), 2);
    expect([box, positions.length]).toEqual([16, 48]);
    const places = new Set<string>();
    for (let at = 0; at < 48; at += 3) places.add(positions.subarray(at, at + 3).join());
    expect(places.size).toBe(16);
    for (const x of [0, 8])
      for (const y of [0, 8]) for (const z of [0, 8]) expect(places).toContain([3 + x, 2 + y, 1 + z].join());
  });

  it.each([0, 1.5, 17])('is refused for %d copies', (copies) => {
    expect(() => tile(loadSample(), copies)).toThrow(RangeError);
  });
});
