import { expect, test } from "vitest";
import { kvRouterDefaults, type KvRouterSettings } from "./kv-router-settings.ts";
import { targetCost, type RouterRole, type TargetState } from "./target-cost.ts";

const state: TargetState = {
  prefillTokens: 32,
  leastPrefillTokens: 0,
  overlapBlocks: 6,
  activeBlocks: 20,
  activeRequests: 3,
};
/** The cost for a prompt of ten blocks of 16 tokens. */
const cost = (role: RouterRole, settings: Partial<KvRouterSettings> = {}, change: Partial<TargetState> = {}) =>
  targetCost({ ...kvRouterDefaults, ...settings }, role, 160, 16, { ...state, ...change });

// engine-reference §6, in blocks.
test("prefill counts what is queued and asked for, less what is cached, decode the blocks held", () => {
  expect(cost("prefill")).toBe(2 + 10 - 6);
  expect(cost("decode")).toBe(20);
  expect(cost("aggregated")).toBe(2 + 10 - 6 + 20);
  expect(cost("aggregated", { prefillLoadScale: 2, decodeActiveRequestWeight: 5 })).toBe(2 * 6 + 20 + 3 * 5);
  expect(cost("prefill", {}, { overlapBlocks: 100 })).toBe(0);
});

test("what is not tracked costs nothing", () => {
  expect(cost("aggregated", { trackActiveBlocks: false })).toBe(6);
  expect(cost("aggregated", { trackPrefillTokens: false })).toBe(20);
  expect(cost("decode", { trackActiveBlocks: false })).toBe(0);
});

test("what is cached counts less on targets with more prefill than the least", () => {
  // Two blocks more than the least, a fifth of the prompt.
  expect(cost("prefill", { overlapScoreCreditDecay: 5 })).toBe(12 - 6 / 2);
  expect(cost("prefill", { overlapScoreCreditDecay: 5 }, { leastPrefillTokens: 32 })).toBe(12 - 6);
});

test("caches of decode workers count where they may compute prompts, for no less than nothing", () => {
  const conditionalDisaggregation = {
    policy: "isl_bounding",
    uncachedTokens: 2048,
    uncachedShare: 0.7,
    prefillBusyShare: null,
    decodeBusyShare: null,
  } as const;
  expect(cost("decode", { conditionalDisaggregation })).toBe(20 - 6);
  expect(cost("decode", { conditionalDisaggregation }, { overlapBlocks: 30 })).toBe(0);
});
