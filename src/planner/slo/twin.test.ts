import { describe, expect, it } from "vitest";
import { policyPools } from "../../config/policy-context.ts";
import { resolveReplay } from "../../config/resolve-replay.ts";
import { loadWorkload, simulate } from "../../replay.ts";
import { AttainableRequests } from "./attainable-requests.ts";
import { FleetSizing } from "./fleet-sizing.ts";
import { Twin } from "./twin.ts";
import type { TwinSla } from "./twin.ts";
import type { TwinConditions, TwinEngine, TwinRequests } from "./twin-server.ts";

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
      distinct: trace.count,
      numbers: Float64Array.from({ length: trace.count }, (_, i) => i),
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

/** Requests that meet the bounds on so many workers. */
function met(twin: Twin, requests: TwinRequests, workers: number, conditions: TwinConditions): number {
  const everyone = new Uint8Array(requests.distinct).fill(1);
  const { attainable, missed } = twin.play(requests, everyone, workers, conditions);
  expect(attainable).toBe(requests.count);
  return attainable - missed;
}

function sizingOf(engine: TwinEngine, sla: TwinSla, requests: TwinRequests): FleetSizing {
  const twin = new Twin(engine, sla);
  const attainable = new AttainableRequests(twin, sla, requests.distinct).of(requests, once);
  return new FleetSizing(twin, requests, once, 0.05, attainable);
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
    const twin = new Twin(engine, { ttftMs: 800, itlMs: 25 });
    const share = met(twin, requests, workers, once) / requests.count;
    expect(Math.abs(share - result.sla!.attainment.all)).toBeLessThan(0.01);
  });

  it("needs longer when passes are slower, and less when a pass gives more tokens", async () => {
    const { requests, engine } = await synthetic(14);
    const twin = new Twin(engine, { ttftMs: 800, itlMs: 25 });
    const usual = met(twin, requests, 2, once);
    expect(met(twin, requests, 2, { ...once, slowness: 2 })).toBeLessThan(usual);
    expect(met(twin, requests, 2, { ...once, tokensPerPass: 2 })).toBeGreaterThan(usual);
  });

  it("holds requests back that the cache has no room for", async () => {
    const { requests, engine } = await synthetic(8);
    const sla = { ttftMs: 800, itlMs: 25 };
    const small = met(new Twin({ ...engine, kvCapacityTokens: 7000 }, sla), requests, 2, once);
    expect(small).toBeLessThan(met(new Twin(engine, sla), requests, 2, once) / 2);
  });

  it("plays some workers of many: they fare like all of them", async () => {
    const { requests, engine } = await synthetic(14);
    const twin = new Twin(engine, { ttftMs: 800, itlMs: 25 });
    const everyone = new Uint8Array(requests.distinct).fill(1);
    const all = twin.play(requests, everyone, 4, once);
    const some = twin.play(requests, everyone, 4, once, 300);
    expect(some.attainable).toBe(300);
    expect(Math.abs(some.missed / 300 - all.missed / 600)).toBeLessThan(0.05);
  });

  it("works what waits off as fast as the simulated engines", async () => {
    const { requests, engine, options } = await synthetic(5000);
    const result = await simulate({ ...options, numWorkers: 1 });
    const rate = new Twin(engine, { ttftMs: 800, itlMs: 25 }).clearingRate(requests, once);
    // First tokens come evenly: the mean one after half the time.
    const measured = requests.count / ((2 * result.mean_ttft_ms!) / 1000);
    expect(Math.abs(rate / measured - 1)).toBeLessThan(0.05);
  });
});

describe("AttainableRequests", () => {
  it("tells what an engine of its own would do for a request, and again when its answer turns out longer", async () => {
    const { requests, engine, options } = await synthetic(0.2);
    const result = await simulate({ ...options, requestCount: 5, numWorkers: 1 });
    const first = result.mean_ttft_ms!;
    const attainable = (ttftMs: number, slowness = 1): Uint8Array => {
      const sla = { ttftMs, itlMs: 25 };
      return new AttainableRequests(new Twin(engine, sla), sla, 100).of(
        { ...requests, count: 5, distinct: 5 },
        { ...once, slowness },
      );
    };
    expect(attainable(first * 1.01)).toEqual(new Uint8Array(5).fill(1));
    expect(attainable(first * 0.99)).toEqual(new Uint8Array(5));
    expect(attainable(first * 1.01, 1.1)).toEqual(new Uint8Array(5));

    const sla = { ttftMs: Infinity, itlMs: result.mean_itl_ms! * 1.02 };
    const known = new AttainableRequests(new Twin(engine, sla), sla, 100);
    const few = { ...requests, count: 5, distinct: 5, outputTokens: requests.outputTokens.slice() };
    expect(known.of(few, once)).toEqual(new Uint8Array(5).fill(1));
    few.outputTokens[2] = 60_000;
    expect(known.of(few, once)).toEqual(Uint8Array.of(1, 1, 0, 1, 1));
  });
});

describe("FleetSizing", () => {
  it("finds the least workers with which the goal holds, from any start", async () => {
    const { requests, engine } = await synthetic(14);
    const sizing = sizingOf(engine, { ttftMs: 800, itlMs: 25 }, requests);
    let least = 1;
    while (sizing.missShare(least) > 0.05) least++;
    expect(least).toBeGreaterThan(2);
    for (const near of [1, least - 1, least, least + 1, 3 * least]) expect(sizing.least(0, near)).toBe(least);
    expect(sizing.least(2, least)).toBeGreaterThanOrEqual(least);
    expect(sizing.leastUpTo(3 * least, 0)).toBe(least);
    expect(sizing.leastUpTo(least - 1, 0)).toBe(least - 1);
    expect(sizing.isShort(1, 2)).toBe(true);
    expect(sizing.isShort(least, 0)).toBe(false);
  });

  it("asks nothing of a fleet for requests no fleet could serve in time", async () => {
    const { requests, engine } = await synthetic(2);
    const sizing = sizingOf(engine, { ttftMs: 1, itlMs: 25 }, requests);
    expect(sizing.play(4)).toEqual({ attainable: 0, missed: 0 });
    expect(sizing.least(0, 4)).toBe(1);
  });
});
