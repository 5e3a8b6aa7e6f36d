import { describe, expect, it } from "vitest";
import { climb } from "./climb.ts";
import { TrendModel } from "./trend-model.ts";

const series = [1, 0.4, 0.7, 0.2, 0.9, 0.5, 0.8, 0.3];
const model = new TrendModel(series);

describe("the trend model", () => {
  it("bends at every value of the first four fifths but the first", () => {
    expect(model.points).toEqual([1, 2, 3, 4, 5].map((i) => i / 7));
    expect(model.size).toBe(8);
    expect(new TrendModel(Array.from({ length: 60 }, (_, i) => i)).points).toHaveLength(25);
  });

  it("has the gradient and the curvature that differences of its density show", () => {
    const place = Float64Array.of(0.3, 0.5, 0.1, -0.2, 0.05, 0.3, -0.1, -0.7);
    const step = 1e-5;
    const rule = { offsets: [-step, step], weights: [-0.5 / step, 0.5 / step] };
    model.logDensity(place);
    const { gradient, curvature } = model.slope(place, rule);
    for (let i = 0; i < place.length; i++) {
      const [below, above] = [Float64Array.from(place), Float64Array.from(place)];
      below[i]! -= step;
      above[i]! += step;
      expect(gradient[i]).toBeCloseTo((model.logDensity(above) - model.logDensity(below)) / (2 * step), 5);
      model.logDensity(above);
      const gradientAbove = model.slope(above, rule).gradient;
      model.logDensity(below);
      const gradientBelow = model.slope(below, rule).gradient;
      for (let j = 0; j < place.length; j++) {
        const expected = (gradientAbove[j]! - gradientBelow[j]!) / (2 * step);
        expect(curvature[i * place.length + j]).toBeCloseTo(expected, 3);
      }
    }
  });

  it("is as dense along a line as at its places, and nowhere where the noise is", () => {
    const place = model.start();
    model.logDensity(place);
    const direction = Float64Array.from({ length: model.size }, (_, i) => (i % 3) - 1);
    const along = model.along(place, direction);
    const moved = new Float64Array(model.size);
    const reached = along(0.25, moved);
    expect(model.logDensity(moved)).toBeCloseTo(reached, 12);
    moved[model.size - 1] = 800;
    expect(model.logDensity(moved)).toBe(-Infinity);
    moved[model.size - 1] = -800;
    expect(model.logDensity(moved)).toBe(-Infinity);
  });

  it("is climbed to where no parameter alone leads higher by more than a hair", () => {
    const top = climb(model);
    const height = model.logDensity(top);
    expect(height).toBeGreaterThan(model.logDensity(model.start()));
    for (let i = 0; i < top.length; i++) {
      for (const step of [-1e-2, -1e-3, 1e-3, 1e-2]) {
        const aside = Float64Array.from(top);
        aside[i]! += step;
        expect(model.logDensity(aside)).toBeLessThan(height + 1e-4);
      }
    }
  });
});
