const ITERATIONS = 500;
const PRECISION = 1e-14;

/**
 * Greatest modulus of the eigenvalues of the companion matrix of 1 + c₁·z + … + cₙ·zⁿ, which are the inverses of its
 * roots; 0 for n = 0. The process the polynomial belongs to is stationary (invertible) while it is below 1.
 * Simultaneous iteration of Weierstrass, Durand and Kerner.
 * @param coefficients c₁ … cₙ
 */
export function greatestInverseRoot(coefficients: ArrayLike<number>): number {
  const degree = coefficients.length;
  if (degree <= 1) return Math.abs(coefficients[0] ?? 0);
  // λⁿ + c₁·λⁿ⁻¹ + … + cₙ = 0
  const real = new Float64Array(degree);
  const imaginary = new Float64Array(degree);
  for (let i = 0; i < degree; i++) {
    real[i] = 0.9 ** (i + 1) * Math.cos(0.7 + (2 * Math.PI * i) / degree);
    imaginary[i] = 0.9 ** (i + 1) * Math.sin(0.7 + (2 * Math.PI * i) / degree);
  }
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    if (moveRoots(coefficients, real, imaginary) < PRECISION) break;
  }
  let greatest = 0;
  for (let i = 0; i < degree; i++) greatest = Math.max(greatest, Math.hypot(real[i]!, imaginary[i]!));
  return greatest;
}

/** One step of all roots. @returns how far the farthest moved */
function moveRoots(coefficients: ArrayLike<number>, real: Float64Array, imaginary: Float64Array): number {
  let moved = 0;
  for (let i = 0; i < real.length; i++) {
    const x = real[i]!;
    const y = imaginary[i]!;
    let valueReal = 1;
    let valueImaginary = 0;
    for (let k = 0; k < coefficients.length; k++) {
      const nextReal = valueReal * x - valueImaginary * y + coefficients[k]!;
      valueImaginary = valueReal * y + valueImaginary * x;
      valueReal = nextReal;
    }
    let productReal = 1;
    let productImaginary = 0;
    for (let j = 0; j < real.length; j++) {
      if (j === i) continue;
      const dx = x - real[j]!;
      const dy = y - imaginary[j]!;
      const nextReal = productReal * dx - productImaginary * dy;
      productImaginary = productReal * dy + productImaginary * dx;
      productReal = nextReal;
    }
    const norm = productReal * productReal + productImaginary * productImaginary;
    if (norm === 0) continue;
    const stepReal = (valueReal * productReal + valueImaginary * productImaginary) / norm;
    const stepImaginary = (valueImaginary * productReal - valueReal * productImaginary) / norm;
    real[i] = x - stepReal;
    imaginary[i] = y - stepImaginary;
    moved = Math.max(moved, Math.hypot(stepReal, stepImaginary));
  }
  return moved;
}
