import { describe, expect, it } from "vitest";
import { GemmTable } from "./gemm-table.ts";

/** Work of a product; the roofline does a thousand of it a millisecond. */
const roofline = (rows: number, columns: number, depth: number) => (rows * columns * depth) / 1000;

/** Measured products of a matrix at efficiencies (roofline over time) by rows. */
const site = (columns: number, depth: number, efficiencies: Readonly<Record<number, number>>) =>
  Object.entries(efficiencies).map(
    ([rows, efficiency]) =>
      [Number(rows), columns, depth, roofline(Number(rows), columns, depth) / efficiency] as const,
  );

// perf-model-reference §A, GEMM.
describe("GemmTable", () => {
  const curve = site(64, 64, { 8: 0.1, 16: 0.2, 32: 0.3, 64: 0.8, 128: 0.5, 256: 0.4 });
  const table = new GemmTable(curve, roofline);

  it("is linear between measured rows", () => {
    const [at64, at128] = [roofline(64, 64, 64) / 0.8, roofline(128, 64, 64) / 0.5];
    expect(table.at(64, 64, 64)).toBe(at64);
    expect(table.at(80, 64, 64)).toBeCloseTo(at64 + (at128 - at64) / 4, 9);
  });

  it("keeps the median efficiency of the last three points past them, and the first point's before them", () => {
    expect(table.at(1024, 64, 64)).toBeCloseTo(roofline(1024, 64, 64) / 0.5, 9);
    expect(table.at(2, 64, 64)).toBeCloseTo(roofline(2, 64, 64) / 0.1, 9);
    const short = new GemmTable(site(64, 64, { 8: 0.2, 16: 0.4 }), roofline);
    expect(short.at(64, 64, 64)).toBeCloseTo(roofline(64, 64, 64) / 0.3, 9);
  });

  it("raises times below the roofline to it, and takes the first of a product measured twice", () => {
    const fast = new GemmTable([...site(64, 64, { 8: 4, 16: 0.5 }), ...site(64, 64, { 16: 0.1 })], roofline);
    expect(fast.at(8, 64, 64)).toBe(roofline(8, 64, 64));
    expect(fast.at(16, 64, 64)).toBe(roofline(16, 64, 64) / 0.5);
  });

  it("gives an unmeasured matrix the efficiency of its nearest, nearer ones more of it", () => {
    const near = new GemmTable([...site(64, 64, { 8: 0.6 }), ...site(256, 64, { 8: 0.3 })], roofline);
    // Half way in octaves, then a quarter of the way: weights 1 : 1, and 1/¼ : 1/2.25.
    expect(near.at(8, 128, 64)).toBeCloseTo(roofline(8, 128, 64) / 0.45, 9);
    const columns = 64 * Math.SQRT2;
    expect(near.at(8, columns, 64)).toBeCloseTo(roofline(8, columns, 64) / ((0.6 * 9 + 0.3) / 10), 9);
  });

  it("asks the four nearest within two octaves a side that were measured at as many rows", () => {
    const many = [
      ...site(128, 64, { 8: 0.9 }),
      ...site(32, 64, { 8: 0.1, 64: 0.1 }),
      ...site(64, 128, { 8: 0.1, 64: 0.1 }),
      ...site(64, 32, { 8: 0.1, 64: 0.1 }),
      ...site(256, 64, { 8: 0.1, 64: 0.1 }),
      ...site(16, 64, { 8: 0.8, 64: 0.8 }),
      ...site(64, 1024, { 8: 0.8, 64: 0.8 }),
    ];
    const wide = new GemmTable(many, roofline);
    // One of those an octave away ends at 8 rows; two octaves columns-wards there are two, of which 16 comes first.
    expect(wide.at(8, 64, 64)).toBeCloseTo(roofline(8, 64, 64) / ((0.9 + 3 * 0.1) / 4), 9);
    const weights = 3 + 1 / 4;
    expect(wide.at(64, 64, 64)).toBeCloseTo(roofline(64, 64, 64) / ((3 * 0.1 + 0.8 / 4) / weights), 9);
    // More columns than any matrix has (a vocabulary) are not held against those of its depth.
    expect(wide.at(8, 65_536, 1024)).toBeCloseTo(roofline(8, 65_536, 1024) / 0.8, 9);
  });
});
