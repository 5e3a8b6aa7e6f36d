import * as fc from "../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { ApproximateCaches } from "./approximate-caches.ts";
import { computesLocally, type ConditionalDisaggregation } from "./conditional-disaggregation.ts";
import { PrefillBacklog } from "./prefill-backlog.ts";
import { ReleaseQueue } from "./release-queue.ts";
import { PrefixPath, type SharedPrefixes } from "./shared-prefixes.ts";

describe("prompts whose load fades", () => {
  it("count in full to their end without an estimate", () => {
    const backlog = new PrefillBacklog(false);
    backlog.add(0, 64, 0, 0);
    expect(backlog.tokensAt(1e12)).toBe(64);
    backlog.remove(0, 64, 5);
    expect(backlog.tokensAt(5)).toBe(0);
  });

  it("fade at the pace of the oldest, which starts anew when that has ended", () => {
    const backlog = new PrefillBacklog(true);
    backlog.add(0, 64, 10e9, 0);
    expect([0, 5e9, 10e9, 20e9].map((atNs) => backlog.tokensAt(atNs))).toEqual([64, 32, 0, 0]);
    backlog.add(1, 100, 4e9, 1e9);
    expect(backlog.tokensAt(5e9)).toBe(132);
    // Late: what is behind it fades too.
    expect(backlog.tokensAt(15e9)).toBe(68);
    backlog.remove(0, 64, 16e9);
    expect(backlog.tokensAt(16e9)).toBe(100);
    expect(backlog.tokensAt(18e9)).toBe(50);
    backlog.remove(1, 100, 19e9);
    expect(backlog.tokensAt(19e9)).toBe(0);
  });
});

/** Edges 0 ← 1 ← 2 and 0 ← 3, of 5, 3, 2 and 4 blocks; requests 0, 1, 2 end in edges 2, 3 and 0, request 3 shares nothing. */
const prefixes: SharedPrefixes = {
  count: 4,
  parent: Int32Array.from([-1, 0, 1, 0]),
  start: Int32Array.from([0, 5, 8, 5]),
  end: Int32Array.from([5, 8, 10, 9]),
  lastEdge: Int32Array.from([2, 3, 0, -1]),
};

function path(request: number): PrefixPath {
  const found = new PrefixPath(prefixes);
  found.follow(request);
  return found;
}

describe("caches a router only believes in", () => {
  it("hold what was sent, until it has not been sent for a while", () => {
    const caches = new ApproximateCaches(prefixes, 100);
    expect(caches.overlapBlocks(0, path(0), 0)).toBe(0);
    caches.add(0, path(1), 0);
    expect([0, 1, 2, 3].map((request) => caches.overlapBlocks(0, path(request), 50))).toEqual([5, 9, 5, 0]);
    expect(caches.overlapBlocks(1, path(1), 50)).toBe(0);
    caches.add(0, path(2), 60);
    expect([0, 1, 2].map((request) => caches.overlapBlocks(0, path(request), 100))).toEqual([5, 5, 5]);
    expect(caches.overlapBlocks(0, path(2), 160)).toBe(0);
    caches.forget(0);
    expect(caches.overlapBlocks(0, path(2), 100)).toBe(0);
  });
});

describe("the ends of loads", () => {
  it("come in order of time, target and sending", () => {
    const release = fc.record({
      atNs: fc.nat(5),
      request: fc.nat(100),
      sequence: fc.nat(5),
      target: fc.nat(3),
      kind: fc.constantFrom("prefill" as const, "left" as const),
    });
    fc.assert(
      fc.property(fc.array(release, { maxLength: 60 }), (releases) => {
        const queue = new ReleaseQueue();
        for (const each of releases) queue.push(each);
        const key = (each: (typeof releases)[number]) =>
          ((each.atNs * 10 + each.target) * 10 + each.sequence) * 2 + (each.kind === "left" ? 0 : 1);
        const found = releases.map(() => {
          const { nextNs } = queue;
          const first = queue.pop();
          expect(first.atNs).toBe(nextNs);
          return key(first);
        });
        expect(found).toEqual(releases.map(key).toSorted((a, b) => a - b));
        expect(queue.nextNs).toBe(Infinity);
      }),
    );
  });
});

describe("a prompt of a disaggregated run", () => {
  const rule: ConditionalDisaggregation = {
    policy: "isl_bounding",
    uncachedTokens: 2048,
    uncachedShare: 0.7,
    prefillBusyShare: 1,
    decodeBusyShare: null,
  };
  const state = {
    inputLength: 1000,
    cachedTokens: 896,
    decodeBlocks: 10,
    decodePoolBlocks: 100,
    prefillTokens: 9000,
    maxBatchedTokens: 8192,
  };

  it("is computed where it decodes when little of it is left", () => {
    expect(computesLocally(rule, state)).toBe(true);
    expect(computesLocally(rule, { ...state, inputLength: 200, cachedTokens: 0 })).toBe(false);
    expect(computesLocally(rule, { ...state, inputLength: 100_000, cachedTokens: 64_000 })).toBe(false);
    expect(computesLocally({ ...rule, uncachedShare: 0.99 }, { ...state, inputLength: 4096, cachedTokens: 2048 })).toBe(
      false,
    );
    expect(computesLocally(rule, { ...state, inputLength: 500, cachedTokens: 640 })).toBe(true);
  });

  it("or when prefill workers are busy, unless the decode worker is", () => {
    const byLoad = { ...rule, policy: "prefill_load" as const };
    expect(computesLocally(byLoad, { ...state, cachedTokens: 0 })).toBe(true);
    expect(computesLocally(byLoad, { ...state, prefillTokens: 8192 })).toBe(false);
    expect(computesLocally(byLoad, { ...state, prefillTokens: null })).toBe(false);
    expect(computesLocally({ ...byLoad, prefillBusyShare: null }, state)).toBe(false);
    const either = { ...rule, policy: "isl_or_load" as const };
    expect(computesLocally(either, { ...state, prefillTokens: 0 })).toBe(true);
    expect(computesLocally(either, { ...state, cachedTokens: 0 })).toBe(true);
    expect(computesLocally({ ...either, decodeBusyShare: 0.09 }, state)).toBe(false);
    expect(computesLocally({ ...either, decodeBusyShare: 0.1 }, state)).toBe(true);
  });
});
