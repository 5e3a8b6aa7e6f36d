import { describe, expect, it } from "vitest";
import * as fc from "../../../../test/seeded-properties.ts";
import { LoadForecast } from "../load-forecast.ts";
import type { PredictorConfig } from "../planner-config.ts";
import { predictorConfig } from "../../../../test/planner-fixtures.ts";
import { createPredictor } from "./create-predictor.ts";

/** Forecasts after each value. */
function forecasts(settings: PredictorConfig, values: readonly number[]): number[] {
  const predictor = createPredictor(settings);
  return values.map((value) => {
    predictor.add(value);
    return predictor.predict();
  });
}

describe("§8.30 kalman", () => {
  it("follows the reference's filter", () => {
    const rising = forecasts(predictorConfig({ name: "kalman" }), [10, 20, 30, 40, 50, 60, 70, 80]);
    [10, 24.92, 39.71, 49.9, 59.95, 69.97, 79.98, 89.99].forEach((want, i) => expect(rising[i]).toBeCloseTo(want, 1));
    const step = forecasts(predictorConfig({ name: "kalman" }), [100, 100, 100, 100, 100, 200, 200, 200]);
    [100, 182.95, 215.71, 228.85].forEach((want, i) => expect(step[i + 4]).toBeCloseTo(want, 1));
  });

  it("goes below zero after a steep fall, as the reference's does, but not in the logarithm", () => {
    const values = forecasts(predictorConfig({ name: "kalman" }), [10, 100, 10]);
    expect(values[1]).toBeCloseTo(144.31, 2);
    expect(values[2]).toBeCloseTo(-70.51, 2);
    expect(forecasts(predictorConfig({ name: "kalman", log1p: true }), [10, 1e4, 1, 0]).at(-1)).toBe(0);
  });
});

describe("§8.30 every predictor", () => {
  const names = ["constant", "kalman", "arima", "prophet"] as const;
  const settings = fc.record({ name: fc.constantFrom(...names), log1p: fc.boolean() });
  const loads = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 9 });

  it("answers finite loads, of at least 0 but for a plain Kalman filter, and the same when asked twice", () => {
    fc.assert(
      fc.property(settings, loads, (chosen, values) => {
        const predictor = createPredictor(predictorConfig(chosen));
        for (const value of values) {
          predictor.add(value);
          const forecast = predictor.predict();
          expect(Number.isFinite(forecast)).toBe(true);
          if (chosen.name !== "kalman" || chosen.log1p) expect(forecast).toBeGreaterThanOrEqual(0);
          expect(predictor.predict()).toBe(forecast);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each(names)("%s skips the zeros a series starts with", (name) => {
    const [first, second, third] = forecasts(predictorConfig({ name }), [0, Number.NaN, 7]);
    expect([first, second]).toEqual([0, 0]);
    expect(third).toBeCloseTo(7, 9);
  });
});

describe("§8.30 forecast of a load", () => {
  it("carries the last lengths through intervals without requests", () => {
    const forecast = new LoadForecast(predictorConfig({ name: "constant" }));
    forecast.observe({ requests: 10, inputTokens: 512, outputTokens: 64 });
    forecast.observe({ requests: 0, inputTokens: 0, outputTokens: 0 });
    expect(forecast.predict()).toEqual({ requests: 0, inputTokens: 512, outputTokens: 64 });
  });

  it("takes lengths of 0 from an overloaded interval without completions, as the reference does", () => {
    const forecast = new LoadForecast(predictorConfig({ name: "constant" }));
    forecast.observe({ requests: 10, inputTokens: 512, outputTokens: 64 });
    forecast.observe({ requests: 300, inputTokens: 0, outputTokens: 0 });
    expect(forecast.predict()).toEqual({ requests: 300, inputTokens: 0, outputTokens: 0 });
  });

  it("starts live traffic afresh after a warm-up", () => {
    const forecast = new LoadForecast(predictorConfig({ name: "constant" }));
    forecast.warmUp([{ requests: 5, inputTokens: 100, outputTokens: 10 }]);
    forecast.observe({ requests: 0, inputTokens: 0, outputTokens: 0 });
    expect(forecast.predict()).toEqual({ requests: 5, inputTokens: 100, outputTokens: 10 });
  });
});
