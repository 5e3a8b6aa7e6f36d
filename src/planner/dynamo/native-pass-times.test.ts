import { describe, expect, it } from "vitest";
import { NativePassTimes } from "./native-pass-times.ts";

const options = {
  maxBatchedTokens: 8192,
  maxSequences: 256,
  maxKvTokens: 100_000,
  maxSamples: 64,
  minSamples: 5,
  bins: 16,
};
const prefill = (prefillTokens: number) => ({ prefillTokens, decodeRequests: 0, decodeKvTokens: 0 });
const decode = (decodeRequests: number, decodeKvTokens: number) => ({
  prefillTokens: 0,
  decodeRequests,
  decodeKvTokens,
});

describe("NativePassTimes", () => {
  it("answers at once, and corrects a bin from the fifth sample of its kind on", () => {
    const model = new NativePassTimes((load) => load.prefillTokens / 100 + load.decodeRequests, options);
    expect(model.isReady()).toBe(true);
    expect(model.passMs(prefill(1000))).toBe(10);
    for (let i = 0; i < 4; i++) model.learn(prefill(1000), 50);
    expect(model.passMs(prefill(1000))).toBe(10);
    model.learn(prefill(1000), 50);
    expect(model.passMs(prefill(1000))).toBe(50);
    expect(model.passMs(prefill(8000))).toBe(80);
    expect(model.passMs(prefill(20_000))).toBe(200);
    expect(model.passMs(decode(10, 1000))).toBe(10);
  });

  it("leaves what lies outside the grid as it is modelled", () => {
    const model = new NativePassTimes(({ prefillTokens }) => prefillTokens / 100, options);
    for (let i = 0; i < 5; i++) model.learn(prefill(8000), 160);
    expect(model.passMs(prefill(8192))).toBeCloseTo(163.84, 9);
    expect(model.passMs(prefill(8193))).toBeCloseTo(81.93, 9);
  });

  it("takes the median of a bin and ignores empty passes", () => {
    const model = new NativePassTimes(({ decodeRequests }) => decodeRequests, options);
    for (const ms of [10, 20, 30, 40]) model.learn(decode(10, 1000), ms);
    model.learn(decode(10, 90_000), 100);
    model.learn(prefill(0), 5);
    model.learn(decode(10, 1000), 0);
    expect(model.sampleCount()).toBe(5);
    expect(model.passMs(decode(10, 1000))).toBe(25);
    expect(model.passMs(decode(10, 90_000))).toBe(100);
    expect(model.passMs(prefill(0))).toBe(0);
  });
});
