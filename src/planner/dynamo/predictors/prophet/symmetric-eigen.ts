/** Most steps for one eigenvalue; two or three are usual. */
const MOST_STEPS = 60;

/** values[k] belongs to the vector in column k. */
export interface Eigensystem {
  readonly values: Float64Array;
  /** Row by row. */
  readonly vectors: Float64Array;
}

/**
 * Eigenvalues and orthonormal eigenvectors of a symmetric matrix: Householder reflections to tridiagonal form, then QL
 * steps with implicit shifts (G. H. Golub, C. F. Van Loan, Matrix Computations, 2013, §8.3).
 * @param matrix size × size, row by row; its entries are 0 or of magnitudes whose squares are numbers; kept as it is
 */
export function symmetricEigensystem(matrix: Float64Array, size: number): Eigensystem {
  const vectors = identity(size);
  const { diagonal, below } = tridiagonalise(Float64Array.from(matrix), vectors, size);
  for (let first = 0; first < size; first++) {
    for (let step = 0; step < MOST_STEPS; step++) {
      const last = endOfBlock(diagonal, below, first);
      if (last === first) break;
      shiftedStep(diagonal, below, vectors, first, last);
    }
  }
  return { values: diagonal, vectors };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** below[i] is the entry in row i + 1 and column i; the last one is 0. */
  readonly below: Float64Array;
}

/** vectors ← the product of the reflections, so that vectors · tridiagonal · vectorsᵀ is the matrix, which is overwritten. */
function tridiagonalise(matrix: Float64Array, vectors: Float64Array, size: number): Tridiagonal {
  const normal = new Float64Array(size);
  const image = new Float64Array(size);
  for (let column = 0; column < size - 2; column++) {
    if (!reflectionNormal(matrix, size, column, normal)) continue;
    reflectBothSides(matrix, size, normal, image, column + 1);
    reflectColumns(vectors, size, normal, column + 1);
  }
  const diagonal = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
  const below = Float64Array.from({ length: size }, (_, i) => (i + 1 < size ? matrix[(i + 1) * size + i]! : 0));
  return { diagonal, below };
}

/** Unit normal of the mirror that clears a column more than one below the diagonal. @returns whether there is anything to clear */
function reflectionNormal(matrix: Float64Array, size: number, column: number, normal: Float64Array): boolean {
  let greatest = 0;
  for (let i = column + 2; i < size; i++) greatest = Math.max(greatest, Math.abs(matrix[i * size + column]!));
  if (greatest === 0) return false;
  greatest = Math.max(greatest, Math.abs(matrix[(column + 1) * size + column]!));
  normal.fill(0);
  let squares = 0;
  for (let i = column + 1; i < size; i++) {
    normal[i] = matrix[i * size + column]! / greatest;
    squares += normal[i]! * normal[i]!;
  }
  const head = normal[column + 1]!;
  normal[column + 1] = head + (head < 0 ? -1 : 1) * Math.sqrt(squares);
  const length = Math.sqrt(squares - head * head + normal[column + 1]! * normal[column + 1]!);
  for (let i = column + 1; i < size; i++) normal[i]! /= length;
  return true;
}

/** matrix ← R · matrix · R with R = 1 − 2·normal·normalᵀ */
function reflectBothSides(
  matrix: Float64Array,
  size: number,
  normal: Float64Array,
  image: Float64Array,
  from: number,
): void {
  let product = 0;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = from; j < size; j++) sum += matrix[i * size + j]! * normal[j]!;
    image[i] = sum;
    product += sum * normal[i]!;
  }
  for (let i = 0; i < size; i++) image[i]! -= product * normal[i]!;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) matrix[i * size + j]! -= 2 * (normal[i]! * image[j]! + image[i]! * normal[j]!);
  }
}

/** matrix ← matrix · R */
function reflectColumns(matrix: Float64Array, size: number, normal: Float64Array, from: number): void {
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = from; j < size; j++) sum += matrix[i * size + j]! * normal[j]!;
    for (let j = from; j < size; j++) matrix[i * size + j]! -= 2 * sum * normal[j]!;
  }
}

/** Last row of the block that begins at a row: below it the matrix is diagonal to rounding. */
function endOfBlock(diagonal: Float64Array, below: Float64Array, first: number): number {
  let last = first;
  while (last < diagonal.length - 1) {
    const scale = Math.abs(diagonal[last]!) + Math.abs(diagonal[last + 1]!);
    if (Math.abs(below[last]!) <= 2 ** -53 * scale) break;
    last++;
  }
  return last;
}

/** One QL step on the rows first … last, shifted by the eigenvalue of the upper corner nearer to its first entry. */
function shiftedStep(
  diagonal: Float64Array,
  below: Float64Array,
  vectors: Float64Array,
  first: number,
  last: number,
): void {
  const size = diagonal.length;
  const half = (diagonal[first + 1]! - diagonal[first]!) / (2 * below[first]!);
  const root = Math.hypot(half, 1);
  let chased = diagonal[last]! - diagonal[first]! + below[first]! / (half + (half < 0 ? -root : root));
  let sine = 1;
  let cosine = 1;
  let carried = 0;
  for (let i = last - 1; i >= first; i--) {
    const turned = sine * below[i]!;
    const kept = cosine * below[i]!;
    const length = Math.hypot(turned, chased);
    below[i + 1] = length;
    if (length === 0) {
      // The block falls apart here.
      diagonal[i + 1]! -= carried;
      below[last] = 0;
      return;
    }
    sine = turned / length;
    cosine = chased / length;
    const shifted = diagonal[i + 1]! - carried;
    const mixed = (diagonal[i]! - shifted) * sine + 2 * cosine * kept;
    carried = sine * mixed;
    diagonal[i + 1] = shifted + carried;
    chased = cosine * mixed - kept;
    for (let row = 0; row < size; row++) {
      const right = vectors[row * size + i + 1]!;
      const left = vectors[row * size + i]!;
      vectors[row * size + i + 1] = sine * left + cosine * right;
      vectors[row * size + i] = cosine * left - sine * right;
    }
  }
  diagonal[first]! -= carried;
  below[first] = chased;
  below[last] = 0;
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}
