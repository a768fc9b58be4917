/**
 * Which pairs may be within reach: Verlet's list with a skin, built through cells in time linear in the particles.
 * The dynamics builds it, then loops over it for as long as no particle has moved more than half the skin.
 */

/** Each pair stands once, under one of its two: `partners[starts[row] … starts[row + 1])` belong to `rows[row]`. */
export class NeighbourList {
  /** Particles in the order of their cells. */
  readonly rows: Int32Array;
  readonly starts: Int32Array;
  /** Positions at the last build: what the displacements are measured from. */
  readonly builtAt: Float64Array;
  /** Grows when a build needs more. Only the first `starts[rows.length]` entries count. */
  partners: Int32Array;
  readonly box: number;
  /** The cutoff and the skin together, in σ. */
  readonly reach: number;
  readonly #grid: Grid;

  /** @throws {RangeError} if a particle could see two images of another: reach above half the box. */
  constructor(particles: number, box: number, reach: number) {
    if (2 * reach > box) throw new RangeError(`the reach ${reach} of the list is more than half the box ${box}`);
    this.rows = new Int32Array(particles);
    this.starts = new Int32Array(particles + 1);
    this.builtAt = new Float64Array(3 * particles);
    this.partners = new Int32Array(16 * particles);
    this.box = box;
    this.reach = reach;
    this.#grid = makeGrid(particles, box, reach);
  }

  /** Moves the particles back into the box [0, L)³ and lists every pair nearer than the reach. */
  build(positions: Float64Array): void {
    wrap(positions, this.box);
    this.builtAt.set(positions);
    sortIntoCells(positions, this.#grid, this.rows);
    let count = 0;
    for (let row = 0; row < this.rows.length; row++) {
      this.starts[row] = count;
      if (count + this.rows.length > this.partners.length) this.#grow();
      count = this.#collect(positions, row, count);
    }
    this.starts[this.rows.length] = count;
  }

  /** Appends the partners of one row: those later in its own cell, and all in the forward half of the cells around. */
  #collect(positions: Float64Array, row: number, count: number): number {
    const { cellOf, cellStarts, forward, around } = this.#grid;
    const cell = cellOf[this.rows[row] as number] as number;
    let end = this.#appendNear(positions, row, row + 1, cellStarts[cell + 1] as number, count);
    for (let neighbour = cell * around; neighbour < (cell + 1) * around; neighbour++) {
      const other = forward[neighbour] as number;
      end = this.#appendNear(positions, row, cellStarts[other] as number, cellStarts[other + 1] as number, end);
    }
    return end;
  }

  #appendNear(positions: Float64Array, row: number, from: number, to: number, count: number): number {
    const { rows, partners, box } = this;
    const half = 0.5 * box;
    const square = this.reach * this.reach;
    const at = 3 * (rows[row] as number);
    const x = positions[at] as number;
    const y = positions[at + 1] as number;
    const z = positions[at + 2] as number;
    let end = count;
    for (let other = from; other < to; other++) {
      const particle = rows[other] as number;
      const dx = nearest(x - (positions[3 * particle] as number), box, half);
      const dy = nearest(y - (positions[3 * particle + 1] as number), box, half);
      const dz = nearest(z - (positions[3 * particle + 2] as number), box, half);
      if (dx * dx + dy * dy + dz * dz < square) partners[end++] = particle;
    }
    return end;
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.partners.length);
    larger.set(this.partners);
    this.partners = larger;
  }
}

/** A difference of two coordinates of the box, by minimum image. Both may have left the box by less than L/4. */
export function nearest(difference: number, box: number, half: number): number {
  return difference > half ? difference - box : difference < -half ? difference + box : difference;
}

interface Grid {
  readonly cellsPerEdge: number;
  readonly cellsPerLength: number;
  readonly cellOf: Int32Array;
  /** Where each cell's particles begin in the rows; one more entry for the end. */
  readonly cellStarts: Int32Array;
  /** The cells ahead of each cell, `around` of them: half of those around it, so that no pair is met twice. */
  readonly forward: Int32Array;
  readonly around: number;
  readonly cursor: Int32Array;
}

function makeGrid(particles: number, box: number, reach: number): Grid {
  // With fewer than three cells along an edge a cell would meet the same neighbour from both sides: then one cell.
  const fitting = Math.floor(box / reach);
  const cellsPerEdge = fitting < 3 ? 1 : Math.min(fitting, 64);
  const cells = cellsPerEdge ** 3;
  const forward = cellsPerEdge === 1 ? [] : forwardCells(cellsPerEdge);
  return {
    cellsPerEdge,
    cellsPerLength: cellsPerEdge / box,
    cellOf: new Int32Array(particles),
    cellStarts: new Int32Array(cells + 1),
    forward: Int32Array.from(forward),
    around: forward.length / cells,
    cursor: new Int32Array(cells),
  };
}

function forwardCells(edge: number): number[] {
  const steps = Array.from({ length: 27 }, (_, at) => [
    (at % 3) - 1,
    (Math.floor(at / 3) % 3) - 1,
    Math.floor(at / 9) - 1,
  ]);
  const ahead = steps.slice(14);
  const cells = Array.from({ length: edge ** 3 }, (_, cell) => cell);
  return cells.flatMap((cell) => {
    const place = [cell % edge, Math.floor(cell / edge) % edge, Math.floor(cell / edge ** 2)];
    return ahead.map((step) =>
      [2, 1, 0].reduce((index, axis) => index * edge + (((place[axis] ?? 0) + (step[axis] ?? 0) + edge) % edge), 0),
    );
  });
}

/** A counting sort: particles of one cell keep their order, so equal positions give an equal list. */
function sortIntoCells(positions: Float64Array, grid: Grid, rows: Int32Array): void {
  const { cellsPerEdge: edge, cellsPerLength, cellOf, cellStarts, cursor } = grid;
  cellStarts.fill(0);
  for (let particle = 0; particle < rows.length; particle++) {
    const x = cellIndex(positions[3 * particle] as number, cellsPerLength, edge);
    const y = cellIndex(positions[3 * particle + 1] as number, cellsPerLength, edge);
    const z = cellIndex(positions[3 * particle + 2] as number, cellsPerLength, edge);
    const cell = (z * edge + y) * edge + x;
    cellOf[particle] = cell;
    cellStarts[cell + 1] = (cellStarts[cell + 1] as number) + 1;
  }
  for (let cell = 0; cell < cursor.length; cell++) {
    cursor[cell] = cellStarts[cell] as number;
    cellStarts[cell + 1] = (cellStarts[cell + 1] as number) + (cellStarts[cell] as number);
  }
  for (let particle = 0; particle < rows.length; particle++) {
    const cell = cellOf[particle] as number;
    const row = cursor[cell] as number;
    rows[row] = particle;
    cursor[cell] = row + 1;
  }
}

function cellIndex(coordinate: number, cellsPerLength: number, edge: number): number {
  return Math.min(Math.floor(coordinate * cellsPerLength), edge - 1);
}

function wrap(positions: Float64Array, box: number): void {
  for (let at = 0; at < positions.length; at++) {
    const coordinate = positions[at] as number;
    if (coordinate >= 0 && coordinate < box) continue;
    const moved = coordinate - box * Math.floor(coordinate / box);
    // A tiny negative coordinate rounds to the box's far edge, which is its near edge.
    positions[at] = moved < box ? moved : 0;
  }
}
