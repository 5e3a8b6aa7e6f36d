import { describe, expect, it } from "vitest";
import { assert, double, integer, property } from "../../../test/seeded-properties.ts";
import { MeasuredCurve } from "./measured-curve.ts";
import type { BeyondRule, GridPoints } from "./measured-grid.ts";
import { MeasuredGrid } from "./measured-grid.ts";
import { QuantizationDeltaTable } from "./quantization-delta-table.ts";

/** The roofline of the tests: work is the product of the coordinates. */
const work = (outer: number, middle: number, inner: number) => outer * middle * inner;

/** Points of [outer, middle, inner, ms]. */
function points(rows: readonly (readonly [number, number, number, number])[]): GridPoints {
  return {
    outer: rows.map(([outer]) => outer),
    middle: rows.map(([, middle]) => middle),
    inner: rows.map(([, , inner]) => inner),
    times: rows.map(([, , , ms]) => ms),
  };
}

/** Rows that reach less far the longer they are, as measured ones do: memory ends. */
const measured = points([
  [8, 1000, 1, 10],
  [8, 1000, 2, 20],
  [8, 1000, 4, 44],
  [8, 2000, 1, 40],
  [8, 2000, 2, 90],
  [8, 4000, 1, 160],
]);

describe("MeasuredGrid", () => {
  const grid = new MeasuredGrid(measured, work, "middle", "nearest-in-row");

  it("gives back what was measured, of a point measured twice the first", () => {
    for (const [i, ms] of measured.times.entries()) {
      expect(grid.at(measured.outer[i]!, measured.middle[i]!, measured.inner[i]!)).toBe(ms);
    }
    const twice = new MeasuredGrid(
      points([
        [8, 1000, 1, 10],
        [8, 1000, 1, 99],
      ]),
      work,
      null,
      "row-end",
    );
    expect(twice.at(8, 1000, 1)).toBe(10);
  });

  it("blends linearly, along one axis by square roots: attention over a prompt grows with its square", () => {
    expect(grid.at(8, 1000, 3)).toBe(32);
    // √10 and √40: half way 1.5 √10.
    expect(grid.at(8, 1500, 1)).toBeCloseTo(22.5, 9);
    expect(new MeasuredGrid(measured, work, null, "row-end").at(8, 1500, 1)).toBe(25);
  });

  it("carries the measured side of a gap over by the roofline", () => {
    // At 2000 nothing is measured past a batch of 2: what 1000 has at 4 grows with the work.
    expect(grid.at(8, 1500, 4)).toBeCloseTo(44 * 1.5, 9);
  });

  // perf-model-reference §A, "past the measured frontier".
  it.each<[BeyondRule, number]>([
    // 4000 is the nearest length, its only point a batch of 1.
    ["row-end", (160 * 5000 * 3) / 4000],
    ["nearest-in-row", (160 * 5000 * 3) / 4000],
    // In octaves 2000 × 2 is as near as 4000 × 1 is not: 1.32 and 0.58 away against 0.32 and 1.58.
    ["nearest-point", (90 * 5000 * 3) / (2000 * 2)],
  ])("keeps an edge's ratio to the roofline past the grid: %s", (rule, expected) => {
    expect(new MeasuredGrid(measured, work, null, rule).at(8, 5000, 3)).toBeCloseTo(expected, 9);
  });

  it("goes from below a row's first point by its end or by that point, as the rule says", () => {
    const late = points([
      [8, 1000, 4, 40],
      [8, 1000, 16, 320],
    ]);
    const at = (rule: BeyondRule, inner: number) => new MeasuredGrid(late, work, null, rule).at(8, 1000, inner);
    expect(at("row-end", 2)).toBe((320 * 2) / 16);
    expect(at("nearest-in-row", 2)).toBe((40 * 2) / 4);
    expect(at("nearest-point", 2)).toBe((40 * 2) / 4);
  });

  it("takes the lower of two keys equally near, and nearness in octaves for the nearest point", () => {
    const pair = points([
      [4, 1000, 1, 10],
      [4, 1000, 4, 80],
      [8, 1000, 1, 30],
      [8, 1000, 4, 480],
    ]);
    // Halfway between lengths that are not there, 6 is as near to 4 as to 8.
    const held = new MeasuredGrid(pair, work, null, "nearest-in-row");
    expect(held.at(6, 3000, 1)).toBe(10 * (6 / 4) * 3);
    expect(held.at(6, 3000, 2.5)).toBe((10 * (6 / 4) * 3 * 2.5) / 1);
    // 2.4 is nearer to 1 in numbers and nearer to 4 in octaves.
    expect(new MeasuredGrid(pair, work, null, "nearest-point").at(4, 3000, 2.4)).toBeCloseTo(80 * 3 * (2.4 / 4), 9);
    expect(held.at(4, 3000, 2.4)).toBeCloseTo(10 * 3 * 2.4, 9);
  });

  it("stays between the measured neighbours inside the grid", () => {
    const inside = [double({ min: 1000, max: 2000, noNaN: true }), double({ min: 1, max: 2, noNaN: true })] as const;
    assert(
      property(...inside, (middle, inner) => {
        const ms = grid.at(8, middle, inner);
        expect(ms).toBeGreaterThanOrEqual(10 - 1e-9);
        expect(ms).toBeLessThanOrEqual(90 + 1e-9);
      }),
    );
  });
});

describe("MeasuredCurve", () => {
  it("is linear between points and proportional to the size outside them", () => {
    const curve = new MeasuredCurve([
      [1024, 4],
      [4096, 10],
      [1024, 99],
    ]);
    expect([512, 1024, 2048, 4096, 8192].map((size) => curve.at(size))).toEqual([2, 4, 6, 10, 20]);
  });
});

describe("QuantizationDeltaTable", () => {
  const rows = [
    [16, 1024, 1],
    [16, 4096, 4],
    [64, 1024, 3],
    [64, 4096, 12],
    [16, 1024, 99],
  ] as const;
  const held = new QuantizationDeltaTable(rows, false);
  const scaled = new QuantizationDeltaTable(rows, true);

  it("is bilinear inside the measured range, whatever holds outside", () => {
    for (const table of [held, scaled]) {
      expect(table.at(16, 1024)).toBe(1);
      expect(table.at(40, 1024)).toBe(2);
      expect(table.at(16, 2560)).toBe(2.5);
      expect(table.at(40, 2560)).toBe(5);
    }
  });

  it("is held at the edge outside, or scaled by the size of the matrix", () => {
    expect(held.at(128, 8192)).toBe(12);
    expect(held.at(1, 512)).toBe(1);
    expect(scaled.at(128, 8192)).toBe(12 * 4);
    expect(scaled.at(8, 512)).toBe(1 / 4);
    assert(
      property(integer({ min: 1, max: 4096 }), integer({ min: 1, max: 65_536 }), (row, depth) => {
        const [inRows, inDepth] = [Math.min(64, Math.max(16, row)), Math.min(4096, Math.max(1024, depth))];
        expect(held.at(row, depth)).toBe(held.at(inRows, inDepth));
        expect(scaled.at(row, depth)).toBeCloseTo((held.at(row, depth) * row * depth) / (inRows * inDepth), 9);
      }),
    );
  });
});
