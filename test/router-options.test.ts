import { describe, expect, it } from "vitest";
import { FailureReason, RequestStatus } from "../src/metrics/request-ledger.ts";
import { kvRouterDefaults, type KvRouterSettings } from "../src/router/kv-router-settings.ts";
import { singleClassProfile, type PolicyClass } from "../src/router/policy-profile.ts";
import { smallRun, type SmallRow, type SmallRunOptions } from "./small-run.ts";

const engine = { num_gpu_blocks: 16384, block_size: 64 };

function routed(settings: Partial<KvRouterSettings>, more: SmallRunOptions = {}): SmallRunOptions {
  const change = { ...more.change, kvRouter: { ...kvRouterDefaults, ...settings } };
  return {
    engine,
    semantics: "current",
    ...more,
    flags: ["--router-mode", "kv_router", ...(more.flags ?? [])],
    change,
  };
}

/** Equal prompts of 16 trace blocks. */
const alike = (...times: readonly number[]): SmallRow[] =>
  times.map((at) => ({ at, input: 8192, output: 2, ids: Array.from({ length: 16 }, (_, block) => block) }));

describe("what a router knows of caches", () => {
  const workers = { flags: ["--num-workers", "4"] };

  it("comes at the end of a pass under the newest rules, at its start under those of 1.4.2", async () => {
    // With a credit above 1 cached blocks draw a request even to a worker that is computing them.
    const times = [0, 10, 1000];
    const newest = await smallRun(alike(...times), routed({ overlapScoreCredit: 1.5 }, workers));
    const [first, second, third] = newest.requests.map(({ worker }) => worker);
    expect(second).not.toBe(first);
    expect([first, second]).toContain(third);
    expect(newest.requests.map(({ reused }) => reused)).toEqual([0, 0, 8128]);
    const older = await smallRun(
      alike(...times),
      routed({ overlapScoreCredit: 1.5 }, { ...workers, semantics: "dynamo-1.4" }),
    );
    expect(new Set(older.requests.map(({ worker }) => worker)).size).toBe(1);
    expect(older.requests.map(({ reused }) => reused)).toEqual([0, 8128, 8128]);
  });

  it("is what it has sent itself, for a while, without events", async () => {
    // Its cache keeps the prompt; the router forgets it after 100 s.
    const run = await smallRun(
      alike(0, 10, 50_000, 200_000),
      routed({ overlapScoreCredit: 1.5, approximateCacheNs: 100e9 }, workers),
    );
    const [first, second, third] = run.requests.map(({ worker }) => worker);
    expect([second, third]).toEqual([first, first]);
    const spread = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const again = await smallRun(
        alike(0, 200_000),
        routed({ approximateCacheNs: 100e9 }, { ...workers, change: { seed } }),
      );
      spread.add(again.requests[1]!.reused);
    }
    expect(spread).toEqual(new Set([0, 8128]));
  });
});

describe("loads that fade", () => {
  it("leave the queue of a worker that is expected to be done", async () => {
    const rows: SmallRow[] = [
      { at: 0, input: 8192, output: 2 },
      { at: 0, input: 7000, output: 2 },
      { at: 100, input: 1000, output: 2 },
    ];
    const workers = { flags: ["--num-workers", "2"] };
    // By tokens the worker with 7000 has less to do; by time the other one is nearly done.
    const settings = { trackActiveBlocks: false };
    const full = await smallRun(rows, routed(settings, workers));
    expect(full.requests[2]!.worker).toBe(full.requests[1]!.worker);
    const prefillEstimate = (tokens: number) => (tokens === 8192 ? 110e6 : 500e6);
    const faded = await smallRun(rows, routed(settings, { ...workers, change: { prefillEstimate } }));
    expect(faded.requests[2]!.worker).toBe(faded.requests[0]!.worker);
  });
});

describe("a class whose queue is full", () => {
  const limited: PolicyClass = { ...singleClassProfile(0.5, "fcfs").classes[0]!, requestLimit: 1 };
  const settings = { policy: { ...singleClassProfile(0.5, "fcfs"), classes: [limited] } };
  const rows = Array.from({ length: 8 }, (_, at): SmallRow => ({ at, input: 8192, output: 2 }));

  it.each([
    ["aggregated", { flags: ["--num-workers", "2"] }, 2],
    ["disaggregated", { disaggregated: {}, flags: ["--num-prefill-workers", "2"] }, 2],
  ] as const)("refuses requests (%s)", async (_, more, held) => {
    const { requests, outcome, result } = await smallRun(rows, routed(settings, more));
    const refused = requests.filter(({ status }) => status === RequestStatus.rejected);
    expect(refused).toHaveLength(rows.length - 2 - held);
    expect([...outcome.ledger.reason].filter((reason) => reason === FailureReason.routerQueueFull)).toHaveLength(4);
    expect(requests.filter(({ status }) => status === RequestStatus.completed)).toHaveLength(4);
    expect(result.failure_reasons).toEqual({ router_queue_full: 4 });
  });

  it("lets a closed loop go on", async () => {
    const more = { flags: ["--num-workers", "1", "--replay-concurrency", "3"] };
    const { requests } = await smallRun(rows, routed(settings, more));
    expect(requests.every(({ status }) => status !== RequestStatus.pending)).toBe(true);
    expect(requests.some(({ status }) => status === RequestStatus.rejected)).toBe(true);
  });
});

describe("conditional disaggregation", () => {
  const conditionalDisaggregation = {
    policy: "isl_bounding",
    uncachedTokens: 2048,
    uncachedShare: 0.7,
    prefillBusyShare: null,
    decodeBusyShare: null,
  } as const;
  const disaggregated = { disaggregated: {}, flags: ["--num-decode-workers", "2"] };

  it("computes a prompt where it decodes when most of it is cached there", async () => {
    const rows = alike(0, 2000);
    const { requests, outcome } = await smallRun(rows, routed({ conditionalDisaggregation }, disaggregated));
    const handoffs = outcome.handoffs!;
    expect([...handoffs.prefillWorkerIndex]).toEqual([0, -1]);
    expect(requests[1]!.worker).toBe(requests[0]!.worker);
    expect(requests.map(({ reused }) => reused)).toEqual([0, 8128]);
    // One pass over the last 64 tokens, as on an aggregated worker that has the rest.
    const alone = await smallRun(rows, { engine, semantics: "current", flags: ["--num-workers", "1"] });
    expect(requests[1]!.ttft).toBeCloseTo(alone.requests[1]!.ttft, 6);
    expect(Number.isNaN(handoffs.sourceHeldNs[1]!)).toBe(true);
    expect(handoffs.decodeAdmitNs[1]! / 1e6).toBe(2000);
  });

  it("is off unless asked for, and under the rules of 1.4.2", async () => {
    const rows = alike(0, 2000);
    const off = await smallRun(rows, routed({}, disaggregated));
    expect([...off.outcome.handoffs!.prefillWorkerIndex]).toEqual([0, 0]);
    const config = { conditional_disagg_enabled: true };
    const old = await smallRun(rows, {
      ...disaggregated,
      engine,
      flags: [...disaggregated.flags, "--router-mode", "kv_router", "--router-config", config as never],
    });
    expect([...old.outcome.handoffs!.prefillWorkerIndex]).toEqual([0, 0]);
  });

  it("sends prompts past busy prefill workers", async () => {
    const rows = Array.from({ length: 4 }, (_, at): SmallRow => ({ at, input: 8000, output: 2 }));
    const busy = { ...conditionalDisaggregation, policy: "prefill_load", prefillBusyShare: 0.5 } as const;
    const { outcome, requests } = await smallRun(rows, routed({ conditionalDisaggregation: busy }, disaggregated));
    expect([...outcome.handoffs!.prefillWorkerIndex]).toEqual([0, -1, -1, -1]);
    expect(requests.every(({ status }) => status === RequestStatus.completed)).toBe(true);
    // Those two go to the decode worker with fewer prompt blocks each time.
    expect(new Set(requests.slice(1, 3).map(({ worker }) => worker)).size).toBe(2);
  });

  it("preempts and finishes what decode workers compute themselves beside what they are handed", async () => {
    const rows = Array.from({ length: 24 }, (_, i): SmallRow => {
      const start = (i % 3) * 10;
      return { at: i * 20, input: 1500, output: 60, ids: [start, start + 1, i + 100] };
    });
    const small = { num_gpu_blocks: 90, block_size: 64 };
    const rule = { ...conditionalDisaggregation, policy: "isl_or_load", prefillBusyShare: 0.1 } as const;
    const more = { ...disaggregated, engine: small };
    const { requests, outcome } = await smallRun(rows, routed({ conditionalDisaggregation: rule }, more));
    expect(requests.every(({ status }) => status === RequestStatus.completed)).toBe(true);
    const local = [...outcome.handoffs!.prefillWorkerIndex].filter((worker) => worker < 0).length;
    expect(local).toBeGreaterThan(3);
    expect(local).toBeLessThan(24);
  });
});
