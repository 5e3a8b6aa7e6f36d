import { describe, expect, it } from "vitest";
import { canWait, isBusy, poolIsBusy, shareOf, singleClassProfile, type PolicyClass } from "./policy-profile.ts";

function policyClass(fields: Partial<PolicyClass>): PolicyClass {
  return { ...singleClassProfile(null, "fcfs").classes[0]!, ...fields };
}

describe("a busy target", () => {
  it("has more prefill tokens than its bound, not as many", () => {
    const byTokens = policyClass({ busyTokens: 100 });
    expect([99, 100, 101].map((tokens) => isBusy(byTokens, tokens, 8192))).toEqual([false, false, true]);
    const byShare = policyClass({ busyShare: 0.5 });
    expect([4095, 4096, 4097].map((tokens) => isBusy(byShare, tokens, 8192))).toEqual([false, false, true]);
  });

  it("is past either of two bounds, and never busy without one", () => {
    const byEither = policyClass({ busyTokens: 100, busyShare: 0.5 });
    expect(isBusy(byEither, 101, 8192)).toBe(true);
    expect(isBusy(byEither, 60, 100)).toBe(true);
    expect(isBusy(byEither, 50, 100)).toBe(false);
    expect(isBusy(policyClass({}), 1e9, 8192)).toBe(false);
  });

  it("has any token at all where the bound is no share of passes without bound", () => {
    expect(shareOf(Infinity, 0)).toBe(0);
    const none = policyClass({ busyShare: 0 });
    expect([0, 1].map((tokens) => isBusy(none, tokens, Infinity))).toEqual([false, true]);
  });
});

describe("requests of a class", () => {
  it("may wait where some bound says a target is busy", () => {
    expect(canWait(policyClass({}))).toBe(false);
    expect(canWait(policyClass({ busyTokens: 0 }))).toBe(true);
    expect(canWait(policyClass({ busyShare: 0.5 }))).toBe(true);
  });

  it("wait for all targets without a ratio, for a share of them with one", () => {
    const all = policyClass({});
    expect([0, 3, 4].map((busy) => poolIsBusy(all, busy, 4))).toEqual([false, false, true]);
    const half = policyClass({ busyTargetRatio: 0.5 });
    expect([1, 2, 3].map((busy) => poolIsBusy(half, busy, 4))).toEqual([false, true, true]);
  });

  it("find no pool without targets busy", () => {
    expect(poolIsBusy(policyClass({}), 0, 0)).toBe(false);
    expect(poolIsBusy(policyClass({ busyTargetRatio: 0.5 }), 0, 0)).toBe(false);
  });
});
