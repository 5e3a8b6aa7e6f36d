import { describe, expect, it } from "vitest";
import { placingRate } from "./placing-rate.ts";
import { RequestSample } from "./request-sample.ts";
import { Twin } from "./twin.ts";
import type { TwinEngine } from "./twin-server.ts";

const engine: TwinEngine = {
  passMs: ({ decodeRequests }) => 5 + decodeRequests / 10,
  maxSequences: 50,
  maxBatchedTokens: Infinity,
  kvCapacityTokens: Infinity,
  ranks: 1,
};
const once = { slowness: 1, tokensPerPass: 1 };

function sample(count: number, outputTokens: number): RequestSample {
  const column = (value: number): Float64Array => new Float64Array(count).fill(value);
  const numbers = Float64Array.from({ length: count }, (_, i) => i);
  const inputTokens = column(900);
  const columns = {
    numbers,
    places: numbers,
    inputTokens,
    cachedTokens: inputTokens,
    outputTokens: column(outputTokens),
  };
  return new RequestSample(columns, 10);
}

describe("placingRate", () => {
  it("is the places of a full worker by the time a request stays", () => {
    // 100 passes of 10 ms.
    expect(placingRate(engine, sample(20, 101), once)).toBeCloseTo(50, 9);
    expect(placingRate({ ...engine, ranks: 2 }, sample(20, 101), once)).toBeCloseTo(100, 9);
    expect(placingRate(engine, sample(20, 101), { slowness: 2, tokensPerPass: 1 })).toBeCloseTo(25, 9);
    expect(placingRate(engine, sample(20, 101), { slowness: 1, tokensPerPass: 2 })).toBeCloseTo(100, 9);
  });

  it("counts no more places than the cache has room for", () => {
    // Ten requests of 1,001 tokens: 100 passes of 6 ms.
    const small = { ...engine, kvCapacityTokens: 10_500 };
    expect(placingRate(small, sample(20, 101), once)).toBeCloseTo(10 / 0.6, 9);
  });

  it("prices passes at the context their requests have on average, long ones counting longer", () => {
    const byContext: TwinEngine = { ...engine, maxSequences: 1, passMs: ({ decodeKvTokens }) => decodeKvTokens / 100 };
    const two = sample(2, 101).with({ outputTokens: Float64Array.of(101, 301) });
    // 100 passes at 900 + 50.5 tokens and 300 at 900 + 150.5.
    const context = (100 * 950.5 + 300 * 1050.5) / 400;
    expect(placingRate(byContext, two, once)).toBeCloseTo(1000 / (200 * (context / 100)), 9);
  });

  it("is boundless for requests that need no decode pass", () => {
    expect(placingRate(engine, sample(20, 1), once)).toBe(Infinity);
    expect(placingRate(engine, sample(0, 1), once)).toBe(Infinity);
  });

  it("agrees with a play of many requests that wait at a worker", () => {
    const waiting = sample(1000, 101).asTheyCame();
    const all = new Twin(engine, { ttftMs: Infinity, itlMs: Infinity }).clearingRate(waiting, once);
    const lastSeconds = 1000 / all;
    // The first 50 find an empty worker.
    expect((1000 - 50) / lastSeconds / placingRate(engine, sample(1000, 101), once)).toBeCloseTo(1, 1);
  });
});
