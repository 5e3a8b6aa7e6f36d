import { describe, expect, it } from "vitest";
import { policyPools } from "../../config/policy-context.ts";
import { resolveReplay } from "../../config/resolve-replay.ts";
import { loadWorkload, simulate } from "../../replay.ts";
import { FleetSizing } from "./fleet-sizing.ts";
import { Twin } from "./twin.ts";
import type { TwinEngine, TwinRequests } from "./twin.ts";

const engineArgs = {
  aic_backend: "vllm",
  aic_system: "h200_sxm",
  aic_model_path: "nvidia/Llama-3.1-8B-Instruct-FP8",
  aic_tp_size: 1,
  enable_prefix_caching: false,
};
const once = { slowness: 1, tokensPerPass: 1 };

async function synthetic(rate: number): Promise<{ requests: TwinRequests; engine: TwinEngine; options: object }> {
  const options = {
    inputTokens: 6000,
    outputTokens: 120,
    requestCount: 600,
    requestRate: rate,
    extraEngineArgs: engineArgs,
  };
  const resolved = await resolveReplay(options);
  const trace = await loadWorkload(resolved);
  const [pool] = policyPools(resolved.run.topology);
  const column = (values: ArrayLike<number>, of = (x: number) => x) => Float64Array.from(values, of);
  return {
    options,
    requests: {
      count: trace.count,
      arrivalSeconds: column(trace.arrivalMs, (ms) => ms / 1000),
      inputTokens: column(trace.inputLength),
      cachedTokens: new Float64Array(trace.count),
      outputTokens: column(trace.outputLength),
      judgeFromSeconds: 0,
    },
    engine: {
      passMs: pool!.passMs,
      maxSequences: pool!.maxSequences ?? Infinity,
      maxBatchedTokens: pool!.maxBatchedTokens ?? Infinity,
      kvCapacityTokens: pool!.kvCapacityTokens,
      ranks: 1,
    },
  };
}

describe("Twin", () => {
  it.each([
    [4, 1],
    [8, 1],
    [8, 2],
    [14, 3],
  ])("meets the SLA as often as the simulated engines: %d requests/s on %d workers", async (rate, workers) => {
    const { requests, engine, options } = await synthetic(rate);
    const result = await simulate({ ...options, numWorkers: workers, slaTtftMs: 800, slaItlMs: 25 });
    const met = new Twin(engine, { ttftMs: 800, itlMs: 25 }).requestsMet(requests, workers, once);
    expect(Math.abs(met / requests.count - result.sla!.attainment.all)).toBeLessThan(0.01);
  });

  it("needs longer when passes are slower, and less when a pass gives more tokens", async () => {
    const { requests, engine } = await synthetic(14);
    const twin = new Twin(engine, { ttftMs: 800, itlMs: 25 });
    const met = twin.requestsMet(requests, 2, once);
    expect(twin.requestsMet(requests, 2, { ...once, slowness: 2 })).toBeLessThan(met);
    expect(twin.requestsMet(requests, 2, { ...once, tokensPerPass: 2 })).toBeGreaterThan(met);
  });

  it("holds requests back that the cache has no room for", async () => {
    const { requests, engine } = await synthetic(8);
    const sla = { ttftMs: 800, itlMs: 25 };
    const small = new Twin({ ...engine, kvCapacityTokens: 7000 }, sla).requestsMet(requests, 2, once);
    expect(small).toBeLessThan(new Twin(engine, sla).requestsMet(requests, 2, once) / 2);
  });
});

describe("FleetSizing", () => {
  it("finds the least workers with which the goal holds, from any start", async () => {
    const { requests, engine } = await synthetic(14);
    const sizing = new FleetSizing(new Twin(engine, { ttftMs: 800, itlMs: 25 }), requests, once, 0.95);
    let least = 1;
    while (sizing.misses(least) > sizing.tolerated) least++;
    expect(least).toBeGreaterThan(2);
    for (const near of [1, least - 1, least, least + 1, 3 * least]) expect(sizing.least(0, near)).toBe(least);
    expect(sizing.least(2, least)).toBeGreaterThanOrEqual(least);
    expect(sizing.isShort(1, 2)).toBe(true);
    expect(sizing.isShort(least, 0)).toBe(false);
  });

  it("asks nothing of a fleet for requests no fleet could serve in time", async () => {
    const { requests, engine } = await synthetic(2);
    const sizing = new FleetSizing(new Twin(engine, { ttftMs: 1, itlMs: 25 }), requests, once, 0.95);
    expect(sizing.attainable).toBe(0);
    expect(sizing.least(0, 4)).toBe(1);
  });
});
