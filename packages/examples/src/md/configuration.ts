/**
 * The given configuration: reads NIST's file and tiles it to a larger box. Called by the reference check and by the
 * kernel that prepares a run. What does not fit the format is refused with its line, never guessed.
 */
import { readFileSync } from 'node:fs';

/** Particles in a periodic cubic box, in reduced units (σ = ε = m = 1). */
export interface Configuration {
  /** Edge of the box in σ. */
  readonly box: number;
  /** x, y, z of particle 0, then of particle 1, and so on, in σ. */
  readonly positions: Float64Array;
}

/** A line of the configuration file is not what the format says. */
export class ConfigurationError extends Error {
  /** The line, counted from 1. */
  readonly line: number;

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.name = 'ConfigurationError';
    this.line = line;
  }
}

/** NIST's Lennard-Jones sample configuration 4: 30 particles, box 8. Read from the file beside this module. */
export function loadSample(): Configuration {
  return parseConfiguration(readFileSync(new URL('./data/lj-sample-4.xyz', import.meta.url), 'utf8'));
}

/**
 * Reads NIST's format: the number of particles; "1 Lx Ly Lz"; then "index x y z" for each particle in order.
 * @throws {ConfigurationError} with the line that is missing, left over or not as it should be.
 */
export function parseConfiguration(text: string): Configuration {
  const lines = text.trimEnd().split(/\r?\n/);
  const count = parseCount(lines[0]);
  const box = parseBox(lines[1]);
  const positions = new Float64Array(3 * count);
  for (let particle = 0; particle < count; particle++) {
    positions.set(parseParticle(lines[particle + 2], particle), 3 * particle);
  }
  if (lines.length > count + 2) {
    throw new ConfigurationError(count + 3, `nothing may follow the ${count} particles that line 1 announces`);
  }
  return { box, positions };
}

/**
 * Repeats the box `copies` times in each direction: copies³ times the particles at the same density.
 * @throws {RangeError} if `copies` is not a whole number from 1 to 16.
 */
export function tile(given: Configuration, copies: number): Configuration {
  if (!Number.isInteger(copies) || copies < 1 || copies > 16) {
    throw new RangeError(`copies must be a whole number from 1 to 16, got ${copies}`);
  }
  const positions = new Float64Array(given.positions.length * copies ** 3);
  let next = 0;
  for (let cell = 0; cell < copies ** 3; cell++) {
    const offset = [cell % copies, Math.floor(cell / copies) % copies, Math.floor(cell / copies ** 2)];
    for (const [index, coordinate] of given.positions.entries()) {
      positions[next++] = coordinate + given.box * (offset[index % 3] ?? 0);
    }
  }
  return { box: given.box * copies, positions };
}

function parseCount(line: string | undefined): number {
  const count = Number(line);
  if (line?.trim() && Number.isInteger(count) && count > 0) return count;
  throw new ConfigurationError(1, `expected the number of particles, got ${shown(line)}`);
}

function parseBox(line: string | undefined): number {
  const [first, x, y, z] = numbers(line, 2, 4, 'expected "1 Lx Ly Lz"');
  if (first !== 1 || x === undefined || x <= 0) {
    throw new ConfigurationError(2, `expected "1 Lx Ly Lz" with positive edges, got ${shown(line)}`);
  }
  if (x !== y || x !== z) throw new ConfigurationError(2, `the box must be a cube, got ${shown(line)}`);
  return x;
}

function parseParticle(line: string | undefined, particle: number): number[] {
  const number = particle + 3;
  const [index, ...position] = numbers(line, number, 4, 'expected "index x y z"');
  if (index === particle + 1) return position;
  throw new ConfigurationError(number, `expected particle ${particle + 1}, got ${shown(line)}`);
}

function numbers(line: string | undefined, number: number, length: number, expected: string): number[] {
  const words = line?.trim().split(/\s+/) ?? [];
  const values = words.map(Number);
  if (line?.trim() && values.length === length && values.every(Number.isFinite)) return values;
  throw new ConfigurationError(number, `${expected}, got ${shown(line)}`);
}

function shown(line: string | undefined): string {
  return line === undefined ? 'the end of the file' : JSON.stringify(line.slice(0, 80));
}
