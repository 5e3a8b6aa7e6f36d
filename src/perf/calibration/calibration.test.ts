import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, assert, double, property, tuple } from "../../../test/seeded-properties.ts";
import { afterAll, describe, expect, it } from "vitest";
import { gpuOf } from "../gpu.ts";
import { loadModel } from "../load-model.ts";
import { rooflinePerfModel } from "../roofline/roofline-perf-model.ts";
import { CalibratedPerfModel, neutralFactors } from "./calibrated-perf-model.ts";
import { readCalibration } from "./calibration-file.ts";
import type { MeasuredPass } from "./fit-passes.ts";
import { fitPasses } from "./fit-passes.ts";
import { fitRun } from "./fit-runs.ts";
import { nonNegativeFit } from "./non-negative-fit.ts";
import { simplexMinimum } from "./simplex-search.ts";

const base = rooflinePerfModel({
  gpu: gpuOf("h200_sxm")!,
  backend: "vllm",
  model: await loadModel("meta-llama/Llama-3.1-8B"),
  tensorParallelSize: 1,
  attentionDataParallelSize: 1,
  expertTensorParallelSize: 1,
  expertParallelSize: 1,
  draftTokens: 0,
});
/** What a server does to the modelled times. */
const truth = {
  prefillBaseMs: 1.5,
  prefillScale: 1.2,
  decodeBaseMs: 0.4,
  decodePerRequestMs: 0.02,
  decodeScale: 0.9,
  decodeAttentionScale: 1.3,
};
const folder = mkdtempSync(join(tmpdir(), "calibration-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("CalibratedPerfModel", () => {
  it("changes nothing with neutral factors", () => {
    const model = new CalibratedPerfModel(base, neutralFactors, "test");
    expect(model.prefillMs(2, 1000, 500)).toBe(base.prefillMs(2, 1000, 500));
    expect(model.decodeMs(16, 2000)).toBe(base.decodeMs(16, 2000));
  });

  it("scales attention and the rest apart, and adds what a pass and each of its sequences cost", () => {
    const model = new CalibratedPerfModel(base, truth, "test");
    expect(model.prefillMs(2, 1000, 500)).toBeCloseTo(1.5 + 1.2 * base.prefillMs(2, 1000, 500), 9);
    const attention = base.step.decodeAttentionMs(16, 2001);
    const rest = base.decodeMs(16, 2000) - attention;
    expect(model.decodeMs(16, 2000)).toBeCloseTo(0.4 + 16 * 0.02 + 0.9 * rest + 1.3 * attention, 9);
  });
});

describe("fitPasses", () => {
  it("finds the factors passes were made with", () => {
    const model = new CalibratedPerfModel(base, truth, "test");
    const passes: MeasuredPass[] = [];
    for (const requests of [1, 4, 32, 128]) {
      for (const tokens of [200, 1000, 8000]) {
        passes.push({ phase: "prefill", requests, tokens, prefix: 0, ms: model.prefillMs(requests, tokens, 0) });
        passes.push({ phase: "decode", requests, tokens, prefix: 0, ms: model.decodeMs(requests, tokens) });
      }
    }
    const found = new CalibratedPerfModel(base, fitPasses(base, passes), "test");
    for (const { phase, requests, tokens, ms } of passes) {
      const ours = phase === "prefill" ? found.prefillMs(requests, tokens, 0) : found.decodeMs(requests, tokens);
      expect(Math.abs(ours / ms - 1)).toBeLessThan(0.01);
    }
  });

  it("leaves a scale at 1 where passes do not tell it from a fixed cost", () => {
    // Nearly equal lengths, whose times differ by chance far more than by length.
    const passes = (phase: MeasuredPass["phase"], modelledMs: (tokens: number) => number): MeasuredPass[] =>
      Array.from({ length: 20 }, (_, i) => {
        const tokens = 1000 + (i % 2) * 4;
        return { phase, requests: 4, tokens, prefix: 0, ms: modelledMs(tokens) + 3 + (i % 2) };
      });
    const found = fitPasses(base, [
      ...passes("prefill", (tokens) => base.prefillMs(4, tokens, 0)),
      ...passes("decode", (tokens) => base.decodeMs(4, tokens)),
    ]);
    expect(found.prefillScale).toBeCloseTo(1, 1);
    expect(found.prefillBaseMs).toBeGreaterThan(2);
    expect(found.decodeScale).toBeCloseTo(1, 1);
    expect(found.decodeAttentionScale).toBeCloseTo(1, 1);
  });

  it("stays at the model without measurements", () => {
    expect(fitPasses(base, [])).toEqual(neutralFactors);
  });
});

describe("fitRun", () => {
  it("finds scales from the times of requests", () => {
    const run = (prefillScale: number, decodeScale: number) =>
      Array.from({ length: 20 }, (_, i) => ({
        ttftMs: (100 + i) * prefillScale,
        tpotMs: 10 * decodeScale,
        latencyMs: (100 + i) * prefillScale + 1000 * decodeScale,
      }));
    const found = fitRun(
      (factors) => run(factors.prefillScale, factors.decodeScale + factors.decodeBaseMs / 10),
      run(1.3, 1.1),
      Array.from({ length: 20 }, () => true),
    );
    expect(found.prefillScale).toBeCloseTo(1.3, 1);
    expect(found.decodeScale + found.decodeBaseMs / 10).toBeCloseTo(1.1, 1);
  });
});

describe("nonNegativeFit", () => {
  it("never answers a negative coefficient and is no worse than its start", () => {
    const numbers = double({ min: -10, max: 10, noNaN: true });
    assert(
      property(array(tuple(numbers, numbers, numbers), { minLength: 1, maxLength: 20 }), (points) => {
        const rows = points.map(([a, b]) => [a, b]);
        const values = points.map(([, , y]) => y);
        const found = nonNegativeFit(rows, values, [1, 1], [0, 0]);
        const cost = (c: readonly number[]) =>
          rows.reduce((sum, row, i) => sum + (row[0]! * c[0]! + row[1]! * c[1]! - values[i]!) ** 2, 0);
        expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
        expect(cost(found)).toBeLessThanOrEqual(cost([1, 1]) + 1e-6);
      }),
    );
  });
});

describe("simplexMinimum", () => {
  it("walks down a curved valley", () => {
    const valley = ([x, y]: readonly number[]) => (1 - x!) ** 2 + 100 * (y! - x! ** 2) ** 2;
    const { point } = simplexMinimum(valley, [-1, 1], [0.5, 0.5], 400);
    expect(point[0]).toBeCloseTo(1, 3);
    expect(point[1]).toBeCloseTo(1, 3);
  });
});

describe("readCalibration", () => {
  it("says what is wrong with a file", async () => {
    const file = (content: string) => {
      const path = join(folder, "file.json");
      writeFileSync(path, content);
      return path;
    };
    await expect(readCalibration(file("{}"))).rejects.toThrow(/not a calibration/);
    await expect(readCalibration(file("{"))).rejects.toThrow(/file\.json/);
    const broken = { kind: "windtunnel-calibration", version: 1, factors: { ...neutralFactors, decodeScale: -1 } };
    await expect(readCalibration(file(JSON.stringify(broken)))).rejects.toThrow(/factors\.decodeScale: found -1/);
  });
});
