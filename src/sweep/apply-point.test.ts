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
    expect(() => apply(base, { "engine.block_size.x": 1 })).toThrow(/block_size is not an object/);
  });
});
