import * as fc from "../../test/seeded-properties.ts";
import { describe, expect, test } from "vitest";
import { parseAxis } from "./axis.ts";
import { shardOf, sweepPoints, type SweepDesign } from "./sweep-plan.ts";

const design = (vary: readonly string[], change: Partial<SweepDesign> = {}): SweepDesign => ({
  axes: vary.map(parseAxis),
  zipped: [],
  samples: null,
  sampling: "latin-hypercube",
  repeats: 1,
  seed: 42,
  ...change,
});
const rows = (made: SweepDesign) => sweepPoints(made).map(({ values }) => Object.values(values));

describe("grid", () => {
  test("crosses axes, the last fastest", () => {
    expect(rows(design(["a.x=1,2", "a.y=3,4"]))).toEqual([
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 4],
    ]);
  });

  test("zipped axes go together", () => {
    expect(rows(design(["a.x=1,2", "a.y=3,4", "a.z=5,6"], { zipped: [["a.x", "a.z"]] }))).toEqual([
      [1, 5, 3],
      [1, 5, 4],
      [2, 6, 3],
      [2, 6, 4],
    ]);
  });

  test("repeats go fastest and are numbered", () => {
    expect(sweepPoints(design(["a.x=1,2"], { repeats: 2 }))).toEqual([
      { index: 0, values: { "a.x": 1 }, repeat: 0 },
      { index: 1, values: { "a.x": 1 }, repeat: 1 },
      { index: 2, values: { "a.x": 2 }, repeat: 0 },
      { index: 3, values: { "a.x": 2 }, repeat: 1 },
    ]);
  });

  test.each([
    [["a.x=1", "a.x=2"], {}, /a.x is given twice/],
    [["a.x=1,2", "a.y=1"], { zipped: [["a.x", "a.y"]] }, /a.x has 2 values, a.y has 1/],
    [["a.x=1"], { zipped: [["a.q"]] }, /no --vary of that name; there is a.x/],
    [["a.x=1", "a.y=1"], { zipped: [["a.x", "a.y"], ["a.y"]] }, /zipped only once/],
    [["a.x=1"], { zipped: [["a.x"]], samples: 2 }, /cannot be combined with --samples/],
    [["a.x=uniform:0:1"], {}, /has no grid; add --samples N/],
    [["a.x=lin:0:1:10000", "a.y=lin:0:1:10000"], {}, /at most 10000000 are allowed/],
    [["a.x=uniform:0:1"], { samples: 1e12 }, /--samples: 1000000000000 runs; at most 10000000 are allowed/],
    [["a.x=lin:0:1:10000"], { repeats: 1001 }, /the grid has 10010000 runs; at most 10000000 are allowed/],
  ] as const)("refuses %j %j", (vary, change, message) => {
    expect(() => sweepPoints(design(vary, change))).toThrow(message);
  });
});

describe("sampling", () => {
  test("a Latin hypercube has one point in every slice of every axis", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1000 }), (samples, seed) => {
        const points = rows(design(["a.x=uniform:10:20", "a.y=loguniform:1:1000"], { samples, seed })) as number[][];
        const slices = (share: (row: number[]) => number) =>
          points.map((row) => Math.floor(share(row) * samples)).toSorted((a, b) => a - b);
        const each = Array.from({ length: samples }, (_, i) => i);
        expect(slices(([x]) => (x! - 10) / 10)).toEqual(each);
        expect(slices(([, y]) => Math.log10(y!) / 3)).toEqual(each);
      }),
    );
  });

  test("of drawn points several may lie in a slice; in a hypercube which comes first is drawn, too", () => {
    const slices = (samples: number, sampling: SweepDesign["sampling"], seed: number) =>
      (rows(design(["a.x=uniform:0:1"], { samples, sampling, seed })) as number[][]).map(([x]) =>
        Math.floor(x! * samples),
      );
    expect(new Set(slices(40, "random", 1)).size).toBeLessThan(35);
    expect(new Set(slices(40, "latin-hypercube", 1)).size).toBe(40);
    const orders = Array.from({ length: 30 }, (_, seed) => slices(2, "latin-hypercube", seed).join());
    expect(new Set(orders)).toEqual(new Set(["0,1", "1,0"]));
  });

  test("the seed decides, and listed values are drawn from", () => {
    const drawn = (seed: number) => rows(design(["a.x=1,2,3"], { samples: 30, sampling: "random", seed }));
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    expect(new Set(drawn(1).flat())).toEqual(new Set([1, 2, 3]));
  });
});

test("shards are a partition of the plan", () => {
  const points = sweepPoints(design(["a.x=1:10:1"]));
  const shards = [0, 1, 2].map((index) => shardOf(points, index, 3));
  expect(shards.map((shard) => shard.length)).toEqual([4, 3, 3]);
  expect(shards.flat().toSorted((a, b) => a.index - b.index)).toEqual(points);
});
