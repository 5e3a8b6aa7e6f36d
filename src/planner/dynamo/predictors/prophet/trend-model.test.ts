import { describe, expect, it } from "vitest";
import { newtonAscent } from "./newton-ascent.ts";
import { quasiNewtonAscent } from "./quasi-newton-ascent.ts";
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
    const gradient = model.gradient(place);
    const curvature = model.curvature(place, rule);
    for (let i = 0; i < place.length; i++) {
      const [below, above] = [Float64Array.from(place), Float64Array.from(place)];
      below[i]! -= step;
      above[i]! += step;
      expect(gradient[i]).toBeCloseTo((model.logDensity(above) - model.logDensity(below)) / (2 * step), 5);
      model.logDensity(above);
      const gradientAbove = model.gradient(above);
      model.logDensity(below);
      const gradientBelow = model.gradient(below);
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

  it("is climbed by Newton steps to where no parameter alone leads higher by more than a hair", () => {
    const top = newtonAscent(model);
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

  it("is left by both optimisers where Stan 2.37 leaves it", () => {
    // Logarithm of the density, slope, offset and deviation of the noise in Stan's own output.
    const expectEnd = (end: Float64Array, [density, slope, offset, deviation]: readonly number[]) => {
      expect(model.logDensity(end)).toBeCloseTo(density!, 6);
      expect(end[0]).toBeCloseTo(slope!, 6);
      expect(end[1]).toBeCloseTo(offset!, 6);
      expect(Math.exp(end.at(-1)!)).toBeCloseTo(deviation!, 6);
    };
    expectEnd(newtonAscent(model), [6.5375634, -0.23141464, 0.7154517, 0.25863642]);
    expectEnd(quasiNewtonAscent(model)!, [5.4595664, -0.6652491, 0.94622156, 0.29322623]);
  });
});
