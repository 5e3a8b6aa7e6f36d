const PIVOT_FLOOR = 1e-12;

/**
 * Least squares by normal equations, gathered sample by sample and solved for any choice of columns. The first column is
 * the intercept: a singular system is retried with a small ridge on all others (planner-findings §5.9).
 */
export class NormalEquations {
  private readonly size: number;
  /** Σ row·rowᵀ, row by row. */
  private readonly products: Float64Array;
  /** Σ row·target */
  private readonly targets: Float64Array;

  /** @param size columns of the design, the intercept included */
  constructor(size: number) {
    this.size = size;
    this.products = new Float64Array(size * size);
    this.targets = new Float64Array(size);
  }

  /** Adds a sample. */
  add(row: ArrayLike<number>, target: number): void {
    const { size, products, targets } = this;
    for (let i = 0; i < size; i++) {
      const value = row[i]!;
      for (let j = 0; j < size; j++) products[i * size + j]! += value * row[j]!;
      targets[i]! += value * target;
    }
  }

  /** Replaces a column by one whose products with all columns and the target are known. */
  setColumn(column: number, products: readonly number[], target: number): void {
    for (let i = 0; i < this.size; i++) {
      this.products[column * this.size + i] = products[i]!;
      this.products[i * this.size + column] = products[i]!;
    }
    this.targets[column] = target;
  }

  /**
   * @param columns those that take part, ascending, 0 among them
   * @returns a coefficient for each, or null when the system stays singular
   */
  solve(columns: readonly number[]): Float64Array | null {
    const plain = gaussJordan(this.augmented(columns, 0), columns.length);
    if (plain !== null || columns.length === 1) return plain;
    let trace = 0;
    for (const column of columns) trace += Math.abs(this.products[column * this.size + column]!);
    return gaussJordan(this.augmented(columns, 1e-9 * Math.max(1, trace)), columns.length);
  }

  /**
   * The same with the intercept held at a value.
   * @param columns those that take part beside it, ascending, not empty
   */
  solveAbove(intercept: number, columns: readonly number[]): Float64Array | null {
    const width = columns.length + 1;
    const system = new Float64Array(columns.length * width);
    columns.forEach((row, i) => {
      columns.forEach((column, j) => (system[i * width + j] = this.products[row * this.size + column]!));
      system[i * width + width - 1] = this.targets[row]! - intercept * this.products[row * this.size]!;
    });
    const slopes = gaussJordan(system, columns.length);
    return slopes === null ? null : Float64Array.of(intercept, ...slopes);
  }

  private augmented(columns: readonly number[], ridge: number): Float64Array {
    const width = columns.length + 1;
    const system = new Float64Array(columns.length * width);
    columns.forEach((row, i) => {
      columns.forEach((column, j) => (system[i * width + j] = this.products[row * this.size + column]!));
      if (i > 0) system[i * width + i]! += ridge;
      system[i * width + width - 1] = this.targets[row]!;
    });
    return system;
  }
}

/**
 * Solves an augmented square system in place with partial pivoting; of equal pivots the last row is taken. Pivot rows are
 * divided first: where fits are exact, the last bits decide between them.
 */
function gaussJordan(system: Float64Array, size: number): Float64Array | null {
  const width = size + 1;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column; row < size; row++) {
      if (Math.abs(system[row * width + column]!) >= Math.abs(system[pivot * width + column]!)) pivot = row;
    }
    if (!(Math.abs(system[pivot * width + column]!) >= PIVOT_FLOOR)) return null;
    for (let j = 0; j < width; j++) {
      const moved = system[column * width + j]!;
      system[column * width + j] = system[pivot * width + j]!;
      system[pivot * width + j] = moved;
    }
    const divisor = system[column * width + column]!;
    for (let j = column; j < width; j++) system[column * width + j]! /= divisor;
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = system[row * width + column]!;
      for (let j = column; j < width; j++) system[row * width + j]! -= factor * system[column * width + j]!;
    }
  }
  return Float64Array.from({ length: size }, (_, i) => system[i * width + size]!);
}
