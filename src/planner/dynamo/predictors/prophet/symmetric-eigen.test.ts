import { describe, expect, it } from "vitest";
import * as fc from "../../../../../test/seeded-properties.ts";
import { symmetricEigensystem } from "./symmetric-eigen.ts";

/** Squares of entries must not vanish. */
const entry = fc.double({ min: -100, max: 100, noNaN: true }).map((value) => (Math.abs(value) < 1e-100 ? 0 : value));

const symmetric = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.tuple(
      fc.constant(size),
      fc.array(entry, {
        minLength: size * size,
        maxLength: size * size,
      }),
    ),
  )
  .map(([size, entries]) => ({
    size,
    matrix: Float64Array.from(entries, (_, k) => {
      const [i, j] = [Math.floor(k / size), k % size];
      return entries[Math.min(i, j) * size + Math.max(i, j)]!;
    }),
  }));

describe("eigenvalues of a symmetric matrix", () => {
  it("are those of a matrix worked out by hand", () => {
    const { values } = symmetricEigensystem(Float64Array.of(2, 1, 0, 1, 2, 0, 0, 0, -5), 3);
    expect([...values].toSorted((a, b) => a - b)).toEqual([-5, 1, 3].map((value) => expect.closeTo(value, 12)));
  });

  it("belong to orthonormal vectors that make up the matrix", () => {
    fc.assert(
      fc.property(symmetric, ({ size, matrix }) => {
        const { values, vectors } = symmetricEigensystem(matrix, size);
        const scale = Math.max(1, ...Array.from(matrix, Math.abs)) * size;
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            let [entry, product] = [0, 0];
            for (let k = 0; k < size; k++) {
              entry += vectors[i * size + k]! * values[k]! * vectors[j * size + k]!;
              product += vectors[k * size + i]! * vectors[k * size + j]!;
            }
            expect(Math.abs(entry - matrix[i * size + j]!)).toBeLessThan(1e-12 * scale);
            expect(Math.abs(product - (i === j ? 1 : 0))).toBeLessThan(1e-12);
          }
        }
      }),
    );
  });
});
