/**
 * The outside world's word on our potential: the energies that NIST publishes for its sample configuration 4. The
 * campaign refuses to start unless every row agrees, for the box as given and for the tiled box that the runs use.
 */
import { type Configuration, tile } from './configuration.ts';
import { longRangeEnergy, pairSums, type Truncation } from './potential.ts';

interface ReferenceRow {
  readonly truncation: Truncation;
  readonly U: string;
  readonly W: string;
  readonly U_LRC: string;
}

/**
 * As published (NIST, Lennard-Jones Fluid Reference Calculations: Cuboid Cell), five significant digits. The sign
 * of the published W is that of W = Σ r·F = Σ 24 (2 r⁻¹² − r⁻⁶) over the pairs (negative: attraction prevails here).
 */
const published: readonly ReferenceRow[] = [
  { truncation: { kind: 'cut', radius: 3 }, U: '-1.6790E+01', W: '-4.6249E+01', U_LRC: '-5.4517E-01' },
  { truncation: { kind: 'cut', radius: 4 }, U: '-1.7060E+01', W: '-4.7869E+01', U_LRC: '-2.3008E-01' },
  { truncation: { kind: 'force-shift', radius: 3 }, U: '-1.5001E+01', W: '-4.3096E+01', U_LRC: '0' },
];

/**
 * How far the tiled box may be from copies³ times the given one, relative. Moving a particle by whole boxes rounds its
 * position by up to 2⁻⁴⁹, and the steepest pairs turn that into some 1e-14 of the sums.
 */
export const TILING_TOLERANCE = 1e-12;

export interface ReferenceCheck {
  readonly system: 'given' | 'tiled';
  readonly truncation: Truncation;
  readonly quantity: 'U' | 'W' | 'U_LRC';
  readonly computed: number;
  /** NIST's digits for the given box; copies³ times our own full-precision value for the tiled box. */
  readonly expected: number;
  readonly passed: boolean;
}

/** Every row of NIST's table against the given box, then copies³ times that against the tiled one. */
export function checkReference(given: Configuration, copies: number): ReferenceCheck[] {
  const tiled = tile(given, copies);
  return published.flatMap((row) => [...checkGiven(given, row), ...checkTiled(given, tiled, row)]);
}

function checkGiven(given: Configuration, row: ReferenceRow): ReferenceCheck[] {
  const values = valuesOf(given, row.truncation);
  return quantities.map((quantity) => ({
    system: 'given',
    truncation: row.truncation,
    quantity,
    computed: values[quantity],
    expected: Number(row[quantity]),
    passed: Number(values[quantity].toExponential(4)) === Number(row[quantity]),
  }));
}

function checkTiled(given: Configuration, tiled: Configuration, { truncation }: ReferenceRow): ReferenceCheck[] {
  const ratio = tiled.positions.length / given.positions.length;
  const one = valuesOf(given, truncation);
  const all = valuesOf(tiled, truncation);
  return quantities.map((quantity) => {
    const computed = all[quantity];
    const expected = ratio * one[quantity];
    const passed = Math.abs(computed - expected) <= TILING_TOLERANCE * Math.abs(expected);
    return { system: 'tiled', truncation, quantity, computed, expected, passed };
  });
}

const quantities = ['U', 'W', 'U_LRC'] as const;

function valuesOf(configuration: Configuration, truncation: Truncation): Record<ReferenceCheck['quantity'], number> {
  const { energy, virial } = pairSums(configuration, truncation);
  return { U: energy, W: virial, U_LRC: longRangeEnergy(configuration, truncation) };
}
