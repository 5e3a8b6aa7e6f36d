import { describe, expect, test } from "vitest";
import type { ReplayOptions } from "../config/replay-options.ts";
import { applyPoint } from "./apply-point.ts";
import type { AxisValue } from "./axis.ts";

const apply = (base: ReplayOptions, values: Record<string, AxisValue>, repeat = 0) =>
  applyPoint(base, { index: 0, values, repeat });

describe("keys", () => {
  test.each([
    ["engine.startup_time", { extraEngineArgs: { startup_time: 5 } }],
    ["engine.sglang.page_size", { extraEngineArgs: { sglang: { page_size: 5 } } }],
    ["planner.ttft_ms", { plannerConfig: { ttft_ms: 5 } }],
    ["router.overlap_score_weight", { routerConfig: { overlap_score_weight: 5 } }],
    ["prefill.startup_time", { prefillEngineArgs: { startup_time: 5 } }],
    ["decode.startup_time", { decodeEngineArgs: { startup_time: 5 } }],
    ["run.num_workers", { numWorkers: 5 }],
    ["run.num-workers", { numWorkers: 5 }],
    ["policy", { policy: 5 }],
  ])("%s", (key, expected) => expect(apply({}, { [key]: 5 })).toEqual(expected));

  test("engine reaches both pools of a disaggregated run", () => {
    const base = { prefillEngineArgs: { block_size: 1 }, decodeEngineArgs: {} };
    expect(apply(base, { "engine.startup_time": 5 })).toEqual({
      prefillEngineArgs: { block_size: 1, startup_time: 5 },
      decodeEngineArgs: { startup_time: 5 },
    });
    expect(base.decodeEngineArgs).toEqual({});
  });

  test("a value of one pool goes before that of both, in whatever order they are given", () => {
    const base = { prefillEngineArgs: {}, decodeEngineArgs: {} };
    const expected = { prefillEngineArgs: { startup_time: 1 }, decodeEngineArgs: { startup_time: 5 } };
    expect(apply(base, { "engine.startup_time": 5, "prefill.startup_time": 1 })).toEqual(expected);
    expect(apply(base, { "prefill.startup_time": 1, "engine.startup_time": 5 })).toEqual(expected);
  });

  test.each([
    [{ "planner.ttft_ms": 5, "run.planner_config": "a.json" }],
    [{ "run.planner_config": "a.json", "planner.ttft_ms": 5 }],
    [{ "run.num_workers": 1, "run.num-workers": 2 }],
    [{ policy: "hpa", "run.policy": "keda" }],
    [{ "engine.sglang": null, "engine.sglang.page_size": 16 }],
  ])("refuses two values for one place, of which one would be lost: %j", (values: Record<string, AxisValue>) => {
    const [one, other] = Object.keys(values);
    expect(() => apply({}, values)).toThrow(`--vary ${one} and --vary ${other} set the same; vary one of them`);
  });

  test("a repeat has seeds of its own", () => {
    expect(apply({ seed: 7 }, {}, 0)).toEqual({ seed: 7 });
    expect(apply({ seed: 7 }, {}, 2)).toEqual({ seed: 9, arrivalSeed: 44 });
  });

  test.each([
    ["engin.startup_time", /did you mean "engine.…"\?/],
    ["engine", /expected engine.X, /],
    ["engine..x", /expected engine.X, /],
    ["startup_time", /expected engine.X, /],
    ["__proto__.x", /expected engine.X, /],
    ["constructor.x", /expected engine.X, /],
    ["engine.__proto__", /unknown key "__proto__"/],
    ["engine.__proto__.polluted", /unknown key "__proto__"/],
    ["run.a.b", /expected engine.X, /],
  ])("refuses %s", (key, message) => expect(() => apply({}, { [key]: 1 })).toThrow(message));

  test("keys every object has from its prototype are keys like others", () => {
    expect(apply({}, { "engine.constructor.prototype": 1 })).toEqual({
      extraEngineArgs: { constructor: { prototype: 1 } },
    });
  });

  test("refuses a way through something that is no object", () => {
    const base = { extraEngineArgs: { block_size: 64 } };
    expect(() => apply(base, { "engine.block_size.x": 1 })).toThrow(
      /^--vary engine.block_size.x: engine.block_size is not an object$/,
    );
    const list = { plannerConfig: [] };
    expect(() => apply(list, { "planner.ttft_ms": 1 })).toThrow(/^--vary planner.ttft_ms: planner is not an object$/);
  });
});
