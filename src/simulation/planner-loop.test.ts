import { describe, expect, it } from "vitest";
import { smallRun } from "../../test/small-run.ts";
import type { Planner, Targets } from "../planner/planner.ts";

const rows = Array.from({ length: 20 }, (_, i) => ({ at: i * 500, input: 600, output: 30 }));
const engine = { num_gpu_blocks: 400, block_size: 64 };

/** Runs a policy whose answers are what `answer` makes of the time. */
async function run(answer: (seconds: number) => unknown, first: () => unknown = () => 1) {
  const planner = {
    firstTickSeconds: first,
    onTick: ({ nowSeconds }: { nowSeconds: number }) => answer(nowSeconds) as Targets,
  } as Planner;
  return (await smallRun(rows, { engine, change: { planner } })).result;
}

const next = (seconds: number) => ({ replicas: {}, nextTickSeconds: seconds + 1 });

describe("a policy's mistake ends the run with what is finished", () => {
  it.each<[string, (seconds: number) => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("boom");
      },
      "onTick failed: boom",
    ],
    ["asks for NaN replicas", (at) => ({ ...next(at), replicas: { agg: Number.NaN } }), "asked for NaN replicas"],
    ["asks for −1", (at) => ({ ...next(at), replicas: { agg: -1 } }), "asked for -1 replicas"],
    ["asks for 10⁹", (at) => ({ ...next(at), replicas: { agg: 1e9 } }), "whole numbers from 0 to 100000"],
    ["asks for text", (at) => ({ ...next(at), replicas: { agg: "2" } }), 'asked for "2" replicas'],
    ["names an unknown pool", (at) => ({ ...next(at), replicas: { decode: 2 } }), 'a pool "decode"; this run has: agg'],
    ["promises", (at) => Promise.resolve(next(at)), "not with a Promise"],
    ["says nothing", () => undefined, "must return an object"],
    ["looks back", (at) => ({ replicas: {}, nextTickSeconds: at - 5 }), "next tick after 4 s is -1"],
    ["stands still", (at) => ({ replicas: {}, nextTickSeconds: at }), "allowed are seconds from 4.001, or null"],
    ["creeps", (at) => ({ replicas: {}, nextTickSeconds: at + 1e-12 }), "allowed are seconds from 4.001"],
    ["has no next tick", () => ({ replicas: {} }), "is undefined"],
  ])("when it %s", async (_, mistake, words) => {
    const result = await run((at) => (at < 4 ? next(at) : mistake(at)));
    expect(result.ended_early).toMatchObject({ kind: "planner_error" });
    expect(result.ended_early!.message).toContain(words);
    expect(result.completed_requests).toBeGreaterThan(4);
    expect(result.completed_requests).toBeLessThan(12);
  });

  it.each<[string, () => unknown, string]>([
    [
      "throws",
      () => {
        throw new Error("early");
      },
      "firstTickSeconds failed: early",
    ],
    ["is not a number", () => Number.NaN, "firstTickSeconds gave NaN"],
  ])("when its first tick %s", async (_, first, words) => {
    const result = await run(next, first);
    expect(result.ended_early!.message).toContain(words);
    expect(result.completed_requests).toBe(0);
  });

  it("when it fails while it looks ahead", async () => {
    const planner: Planner = {
      foresee: () => {
        throw new Error("no crystal ball");
      },
      firstTickSeconds: () => 1,
      onTick: ({ nowSeconds }) => next(nowSeconds),
    };
    const { result } = await smallRun(rows, { engine, change: { planner } });
    expect(result.ended_early).toEqual({
      kind: "planner_error",
      message: "the policy's foresee failed: no crystal ball",
    });
    expect(result.completed_requests).toBe(0);
  });

  it("when it never lets a worker be", async () => {
    const result = await run((at) => ({ ...next(at), replicas: { agg: 0 } }));
    expect(result.ended_early!.message).toContain("without any worker for 1000 ticks");
  });
});

describe("a policy that scales to zero", () => {
  const gap = [...rows, { at: 8_000_000, input: 600, output: 30 }];
  const toZero: Planner = {
    firstTickSeconds: () => 1,
    onTick: ({ nowSeconds, frontEnd }) => ({
      replicas: { agg: Math.min(1, frontEnd.inFlight) },
      nextTickSeconds: nowSeconds + 1,
    }),
  };

  it("may wait for the next request as long as it takes", async () => {
    const { result } = await smallRun(gap, { engine, change: { planner: toZero } });
    expect(result.ended_early).toBeNull();
    expect(result.completed_requests).toBe(gap.length);
  });

  it("is given up when that request then gets no worker", async () => {
    const planner: Planner = {
      ...toZero,
      onTick: (seen) => ({ ...toZero.onTick(seen), ...(seen.nowSeconds < 100 ? {} : { replicas: { agg: 0 } }) }),
    };
    const { result } = await smallRun(gap, { engine, change: { planner } });
    expect(result.ended_early!.message).toContain("without any worker for 1000 ticks");
    expect(result.completed_requests).toBe(gap.length - 1);
  });
});
