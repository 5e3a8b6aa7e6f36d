import { describe, expect, it } from "vitest";
import { PassTimeRegression } from "./pass-time-regression.ts";
import { SampleStore } from "./sample-store.ts";

const options = { maxSamples: 64, minSamples: 5, bins: 16 };
const prefill = (tokens: number) => ({ prefillTokens: tokens, decodeRequests: 0, decodeKvTokens: 0 });
const decode = (requests: number, context: number) => ({
  prefillTokens: 0,
  decodeRequests: requests,
  decodeKvTokens: context,
});

/** A model that has seen prefill passes: tokens → ms. */
function trained(samples: readonly (readonly [number, number])[]): PassTimeRegression {
  const model = new PassTimeRegression(options);
  for (const [tokens, ms] of samples) model.learn(prefill(tokens), ms);
  return model;
}

const flatThenRising = [100, 500, 1000, 2000, 4000, 6000, 8000].map(
  (tokens) => [tokens, 10 + Math.max(0, tokens - 1000) * 0.02] as const,
);

describe("§8.26 learned pass times", () => {
  it("answers only after enough passes of the kind", () => {
    const model = trained(flatThenRising.slice(3, 7));
    expect(model.passMs(prefill(100))).toBeNull();
    expect(model.isReady()).toBe(false);
    model.learn(prefill(3000), 50);
    expect(model.isReady()).toBe(true);
    expect(model.passMs(decode(1, 1))).toBeNull();
  });

  it("ignores passes that took no time, and empty ones", () => {
    const model = new PassTimeRegression(options);
    for (let i = 0; i < 9; i++) model.learn(prefill(100 * i + 1), 0);
    model.learn(prefill(0), 5);
    expect(model.sampleCount()).toBe(0);
    expect(model.passMs(prefill(0))).toBe(0);
  });

  it("bends once for prefill passes", () => {
    const model = trained(flatThenRising);
    for (const [tokens, ms] of [
      [50, 10],
      [500, 10],
      [3000, 50],
      [8000, 150],
    ] as const) {
      expect(model.passMs(prefill(tokens))).toBeCloseTo(ms, 6);
    }
  });

  it("is a straight line below six passes", () => {
    // Least squares on the first five points, by hand.
    const points = flatThenRising.slice(0, 5);
    const meanX = points.reduce((sum, [x]) => sum + x, 0) / 5;
    const meanY = points.reduce((sum, [, y]) => sum + y, 0) / 5;
    const slope =
      points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
      points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
    expect(trained(points).passMs(prefill(50))).toBeCloseTo(meanY + slope * (50 - meanX), 9);
    expect(meanY + slope * (50 - meanX)).toBeCloseTo(2, 0);
  });

  it("knows nothing from passes that get shorter with load, or of one size only", () => {
    expect(trained([1, 2, 3, 4, 5].map((x) => [1000 * x, 100 - x] as const)).passMs(prefill(1000))).toBeNull();
    expect(trained([1, 2, 3, 4, 5].map((x) => [8192, 100 + x] as const)).passMs(prefill(8192))).toBeNull();
  });

  it("drops a feature whose slope would be negative", () => {
    const model = new PassTimeRegression(options);
    for (const [requests, context] of [
      [10, 1000],
      [8, 2000],
      [6, 3000],
      [9, 4000],
      [3, 5000],
      [1, 6000],
    ] as const) {
      model.learn(decode(requests, context), 10 + 0.001 * context - 0.05 * requests);
    }
    expect(model.passMs(decode(1, 2000))).toBe(model.passMs(decode(200, 2000)));
  });

  it("lets the intercept go negative, as the reference does", () => {
    const model = trained([5000, 5500, 6000, 7000, 8000].map((x) => [x, 0.05 * x - 200] as const));
    expect(model.passMs(prefill(1000))!).toBeCloseTo(-150, 6);
  });
});

describe("§8.26 as few passes as asked for", () => {
  const single = { ...options, minSamples: 1 };

  it("answer with their mean while they are not more than the features", () => {
    const model = new PassTimeRegression(single);
    model.learn(prefill(1034), 51.013805);
    expect(model.passMs(prefill(8118))).toBe(51.013805);
    model.learn(prefill(8000), 40);
    expect(model.passMs(prefill(1034))).toBeNull();
    const mixed = new PassTimeRegression(single);
    for (const [tokens, context, ms] of [
      [6391, 132_149, 99.959984],
      [5331, 105_468, 179.935654],
    ] as const) {
      mixed.learn({ prefillTokens: tokens, decodeRequests: 1, decodeKvTokens: context }, ms);
    }
    expect(mixed.passMs({ prefillTokens: 297, decodeRequests: 1, decodeKvTokens: 5 })).toBeCloseTo(139.947819, 6);
  });

  // Two passes fit a line in either feature exactly; the last bits choose. Measured on the reference.
  it.each([
    [
      [
        [47, 183_238, 0.155965926],
        [21, 150_582, 0.060049824],
      ],
      [127, 90_041, 451.092394],
    ],
    [
      [
        [38, 160_321, 0.165302096],
        [122, 172_299, 0.187493502],
      ],
      [141, 34_337, 192.512987],
    ],
  ] as const)("two decode passes %j: the line the reference takes", (passes, [requests, context, ms]) => {
    const model = new PassTimeRegression(single);
    for (const [n, kv, seconds] of passes) model.learn(decode(n, kv), seconds * 1000);
    expect(model.passMs(decode(requests, context))).toBeCloseTo(ms, 5);
  });
});

describe("§8.26 retained samples", () => {
  it("stop at the limit and keep sparse regions", () => {
    const store = new SampleStore(1, 16, 64);
    store.add({ features: [0], passMs: 1 });
    for (let i = 0; i < 106; i++) store.add({ features: [1000 + (i % 3)], passMs: i });
    expect(store.samples).toHaveLength(64);
    expect(store.samples[0]!.features).toEqual([0]);
  });

  it("drop the oldest of the fullest bin", () => {
    const store = new SampleStore(1, 4, 4);
    for (const [x, id] of [
      [0, 1],
      [100, 2],
      [101, 3],
      [50, 4],
      [99, 5],
    ] as const) {
      store.add({ features: [x], passMs: id });
    }
    expect(store.samples.map(({ passMs }) => passMs)).toEqual([1, 3, 4, 5]);
  });
});
