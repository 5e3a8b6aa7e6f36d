import { expect, test } from "vitest";
import { linearScale, logScale } from "./scale.ts";

test("a logarithmic axis has ticks also where no value has a place on it", () => {
  const { at, ticks } = logScale([0, 0], 200, 0);
  expect(at(0)).toBeNull();
  expect(ticks.map(({ label }) => label)).toEqual(["1", "2", "5", "10"]);
});

test("an axis of equal steps has round ticks, whole ones for whole values", () => {
  expect(linearScale([0, 3], 0, 100).ticks.map(({ label }) => label)).toEqual(["0", "1", "2", "3"]);
  expect(linearScale([0, 0.3], 0, 100).ticks.map(({ label }) => label)).toEqual([
    "0",
    "0.05",
    "0.1",
    "0.15",
    "0.2",
    "0.25",
    "0.3",
  ]);
});
