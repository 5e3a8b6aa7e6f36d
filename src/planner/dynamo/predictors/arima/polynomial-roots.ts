const ITERATIONS = 500;
const PRECISION = 1e-14;

/**
 * Greatest modulus of the eigenvalues of the companion matrix of 1 + c₁·z + … + cₙ·zⁿ, which are the inverses of its
 * roots; 0 for n = 0. The process the polynomial belongs to is stationary (invertible) while it is below 1.
 * Simultaneous iteration of Weierstrass, Durand and Kerner.
 * @param coefficients c₁ … cₙ
 */
export function greatestInverseRoot(coefficients: readonly number[]): number {
  const degree = coefficients.length;
  if (degree <= 1) return Math.abs(coefficients[0] ?? 0);
  // λⁿ + c₁·λⁿ⁻¹ + … + cₙ = 0
  let real = Array.from({ length: degree }, (_, i) => 0.9 ** (i + 1) * Math.cos(0.7 + (2 * Math.PI * i) / degree));
  let imaginary = Array.from({ length: degree }, (_, i) => 0.9 ** (i + 1) * Math.sin(0.7 + (2 * Math.PI * i) / degree));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let moved = 0;
    const nextReal = [...real];
    const nextImaginary = [...imaginary];
    for (let i = 0; i < degree; i++) {
      const x = nextReal[i]!;
      const y = nextImaginary[i]!;
      let [valueReal, valueImaginary] = [1, 0];
      for (const coefficient of coefficients) {
        [valueReal, valueImaginary] = [
          valueReal * x - valueImaginary * y + coefficient,
          valueReal * y + valueImaginary * x,
        ];
      }
      let [productReal, productImaginary] = [1, 0];
      for (let j = 0; j < degree; j++) {
        if (j === i) continue;
        const dx = x - nextReal[j]!;
        const dy = y - nextImaginary[j]!;
        [productReal, productImaginary] = [
          productReal * dx - productImaginary * dy,
          productReal * dy + productImaginary * dx,
        ];
      }
      const norm = productReal * productReal + productImaginary * productImaginary;
      if (norm === 0) continue;
      const stepReal = (valueReal * productReal + valueImaginary * productImaginary) / norm;
      const stepImaginary = (valueImaginary * productReal - valueReal * productImaginary) / norm;
      nextReal[i] = x - stepReal;
      nextImaginary[i] = y - stepImaginary;
      moved = Math.max(moved, Math.hypot(stepReal, stepImaginary));
    }
    real = nextReal;
    imaginary = nextImaginary;
    if (moved < PRECISION) break;
  }
  return real.reduce((greatest, x, i) => Math.max(greatest, Math.hypot(x, imaginary[i]!)), 0);
}
