/**
 * What a chunk reports of its trajectory, as plain data. The dynamics adds samples; whoever holds the run merges the
 * chunks' reports in order, and the sums, extremes and ends are then those of the whole run.
 */

/** One quantity over the samples, in order. */
export interface Course {
  readonly first: number;
  readonly last: number;
  readonly min: number;
  readonly max: number;
}

export interface Observables {
  /** Instants observed. At least one in every chunk. */
  readonly samples: number;
  /** Sums over the samples; divide by `samples` for the means. */
  readonly potentialSum: number;
  readonly temperatureSum: number;
  readonly pressureSum: number;
  /** K + U, in ε. */
  readonly energy: Course;
  /** D, the leading correction of velocity Verlet's shadow Hamiltonian; see drift-bound.ts. */
  readonly correction: Course;
  /** K + U + dt² D: what velocity Verlet keeps, up to dt⁴. */
  readonly shadow: Course;
}

/** One instant of the trajectory. */
export interface Instant {
  readonly potential: number;
  readonly temperature: number;
  readonly pressure: number;
  readonly energy: number;
  readonly correction: number;
  readonly shadow: number;
}

export interface Means {
  /** U of all particles, in ε. */
  readonly potential: number;
  readonly temperature: number;
  /** In ε/σ³. */
  readonly pressure: number;
}

export function observe(instant: Instant): Observables {
  return {
    samples: 1,
    potentialSum: instant.potential,
    temperatureSum: instant.temperature,
    pressureSum: instant.pressure,
    energy: still(instant.energy),
    correction: still(instant.correction),
    shadow: still(instant.shadow),
  };
}

/** `later` must follow on `earlier` in the same run. */
export function merge(earlier: Observables, later: Observables): Observables {
  return {
    samples: earlier.samples + later.samples,
    potentialSum: earlier.potentialSum + later.potentialSum,
    temperatureSum: earlier.temperatureSum + later.temperatureSum,
    pressureSum: earlier.pressureSum + later.pressureSum,
    energy: join(earlier.energy, later.energy),
    correction: join(earlier.correction, later.correction),
    shadow: join(earlier.shadow, later.shadow),
  };
}

export function means({ samples, potentialSum, temperatureSum, pressureSum }: Observables): Means {
  return {
    potential: potentialSum / samples,
    temperature: temperatureSum / samples,
    pressure: pressureSum / samples,
  };
}

/** The farthest that the quantity got from where it began. */
export function excursion({ first, min, max }: Course): number {
  return Math.max(max - first, first - min);
}

function still(value: number): Course {
  return { first: value, last: value, min: value, max: value };
}

function join(earlier: Course, later: Course): Course {
  return {
    first: earlier.first,
    last: later.last,
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
  };
}
