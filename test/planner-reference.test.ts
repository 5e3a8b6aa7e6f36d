import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ProblemList } from "../src/config/config-error.ts";
import { parsePlannerConfig } from "../src/config/planner-config.ts";
import { PassByPassWorker } from "../src/engine/pass-by-pass/pass-by-pass-worker.ts";
import { current, dynamo14 } from "../src/engine/semantics.ts";
import type { Worker } from "../src/engine/worker.ts";
import { WorkerPool } from "../src/fleet/worker-pool.ts";
import { GapRecorder } from "../src/metrics/gap-recorder.ts";
import { RequestLedger, RequestStatus } from "../src/metrics/request-ledger.ts";
import { projectTargets } from "../src/planner/dynamo/projection.ts";
import { findEngineCapacity } from "../src/planner/dynamo/capacity-search.ts";
import { PassTimeRegression } from "../src/planner/dynamo/pass-time-regression.ts";
import { plannerLog, plannerLogPath } from "../src/report/planner-log.ts";
import { resultJson } from "../src/report/result-json.ts";
import { observePool } from "../src/simulation/pool-observation.ts";
import { TrafficRecorder } from "../src/simulation/traffic-recorder.ts";
import type { Planner, PoolName } from "../src/planner/planner.ts";
import { capabilities, plannerConfig } from "./planner-fixtures.ts";
import { plannerFor } from "./planner-case.ts";
import { replayConfig } from "./replay-arguments.ts";
import { runCli, scratchFolder } from "./run-cli.ts";
import { smallRun, traceText } from "./small-run.ts";

/**
 * The 35 behavioural cases of planner-reference §8: those about whole runs are here, the others stand beside the part
 * they are about, under the number of the case.
 */
describe("the cases of planner-reference §8", () => {
  it("all have tests", () => {
    const root = join(import.meta.dirname, "..");
    const files = ["src", "test"].flatMap((folder) =>
      (readdirSync(join(root, folder), { recursive: true }) as string[])
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => readFileSync(join(root, folder, name), "utf8")),
    );
    const found = new Set(files.flatMap((text) => [...text.matchAll(/\("§8\.(\d+) /g)].map(([, n]) => Number(n))));
    expect(Array.from({ length: 35 }, (_, i) => i + 1).filter((n) => !found.has(n))).toEqual([]);
  });
});

/** A policy that wants `count(seconds)` replicas at every tick. */
function wanting(count: (seconds: number) => number, intervalSeconds = 1): Planner {
  return {
    firstTickSeconds: () => intervalSeconds,
    onTick: ({ nowSeconds, pools }) => ({
      replicas: Object.fromEntries(Object.keys(pools).map((name) => [name as PoolName, count(nowSeconds)])),
      nextTickSeconds: nowSeconds + intervalSeconds,
    }),
  };
}

describe("§8.5 a window of traffic", () => {
  const left = (ledger: RequestLedger, request: number, firstMs: number, lastMs: number, tokens: number) => {
    ledger.arrivalNs[request] = 0;
    ledger.firstTokenNs[request] = firstMs * 1e6;
    ledger.lastTokenNs[request] = ledger.terminalNs[request] = lastMs * 1e6;
    ledger.outputTokens[request] = tokens;
    ledger.status[request] = RequestStatus.completed;
  };

  it("averages hit rates over routed requests that have blocks", () => {
    const recorder = new TrafficRecorder(new RequestLedger(1, new GapRecorder()), Int32Array.of(10), false);
    recorder.onRouted(3, 4);
    recorder.onRouted(0, 12);
    recorder.onRouted(0, 0);
    expect(recorder.close(1e9)).toMatchObject({ meanKvHitRate: 0.375, kvHitRateCount: 2 });
    expect(recorder.close(2e9)).toMatchObject({ meanKvHitRate: null, kvHitRateCount: 0 });
  });

  it("divides tokens by the forwards that emitted them, of this window only", () => {
    const recorder = new TrafficRecorder(new RequestLedger(1, new GapRecorder()), Int32Array.of(10), false);
    const worker = (emittedTokens: number, emittingRequests: number) =>
      ({ forwardsEndedBy: () => ({ emittedTokens, emittingRequests }) }) as unknown as Worker;
    recorder.onForwards(worker(6, 2), 1e9);
    recorder.onForwards(worker(2, 2), 1e9);
    expect(recorder.close(1e9).meanAcceptLength).toBe(2);
    expect(recorder.close(2e9).meanAcceptLength).toBeNull();
  });

  it("counts offers when they arrive and lengths when they complete, gaps of 0 ms among them", () => {
    const ledger = new RequestLedger(3, new GapRecorder());
    const recorder = new TrafficRecorder(ledger, Int32Array.of(100, 300, 500), false);
    for (let i = 0; i < 3; i++) recorder.onOffered(i);
    left(ledger, 0, 100, 100, 5);
    left(ledger, 1, 200, 210, 2);
    left(ledger, 2, 1500, 1500, 1);
    recorder.onLeft([0, 1, 2]);
    expect(recorder.close(1e9)).toMatchObject({
      offeredRequests: 3,
      completedRequests: 2,
      meanInputTokens: 200,
      meanOutputTokens: 3.5,
      meanTtftMs: 150,
      meanItlMs: 5,
      itlCount: 2,
    });
    expect(recorder.close(2e9)).toMatchObject({ offeredRequests: 0, completedRequests: 1, itlCount: 0 });
  });
});

describe("§8.7 an idle worker activated at 100 ms", () => {
  const observed = (semantics: typeof current, atMs: number, busyUntilNs = 0) => {
    const worker = { lastPassEndedBy: () => null, inSystem: 0, busyUntilNs } as unknown as Worker;
    const pool = new WorkerPool("agg", 1, 100e6, () => worker);
    pool.resize(1, 0);
    pool.activateReady(100e6);
    return observePool(pool, 1, semantics, { workers: [], inFlight: 0, meanInFlight: 0 }, 0, atMs * 1e6).passes;
  };

  it("publishes nothing at 1099 ms and an empty record at 1100 ms", () => {
    for (const semantics of [current, dynamo14]) {
      expect(observed(semantics, 1099)).toEqual([]);
      expect(observed(semantics, 1100)).toMatchObject([{ workerId: 0, wallSeconds: 0 }]);
    }
  });

  it("is not taken for idle while a pass runs, except by 1.4.2", () => {
    expect(observed(current, 1100, 5e9)).toEqual([]);
    expect(observed(dynamo14, 1100, 5e9)).toHaveLength(1);
  });
});

describe("§8.8 start-up of 7.5 s", () => {
  it("ends 7.5 s after the tick; a smaller target cancels the newest; starting time is billed", () => {
    const pool = new WorkerPool("agg", 1, 7.5e9, () => new PassByPassWorker([]));
    pool.addReady(1, 0);
    pool.resize(3, 3e9);
    expect(pool.nextReadyNs).toBe(10.5e9);
    pool.resize(2, 6e9);
    expect(pool.starting.map(({ id }) => id)).toEqual([1]);
    pool.activateReady(10.5e9);
    expect(pool.active.map(({ id }) => id)).toEqual([0, 1]);
    const seconds = pool.finish(20e9).reduce((sum, { createdNs, goneNs }) => sum + (goneNs - createdNs) / 1e9, 0);
    expect(seconds).toBe(20 + 3 + 17);
  });

  it("gives GPU-hours of worker-seconds: 46.208 are 0.0128357", () => {
    expect(46.208 / 3600).toBeCloseTo(0.0128357, 6);
  });
});

describe("§8.9 a worker told to go with requests in its queue", () => {
  it("finishes them, takes no new ones, and all complete", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ at: i < 22 ? 0 : 3000 + i, input: 600, output: 40 }));
    const { requests, outcome, result } = await smallRun(rows, {
      engine: { num_gpu_blocks: 400, block_size: 64, max_num_seqs: 1 },
      flags: ["--num-workers", "2"],
      change: { planner: wanting(() => 1, 0.25) },
    });
    expect(result.completed_requests).toBe(40);
    const onSecond = requests.filter(({ worker }) => worker === 1);
    expect(onSecond).toHaveLength(11);
    expect(onSecond.every(({ arrival }) => arrival === 0)).toBe(true);
    const drained = outcome.workers.find(({ id }) => id === 1)!;
    expect(drained.drainingNs).toBe(0.25e9);
    expect(drained.goneNs / 1e6).toBeCloseTo(Math.max(...onSecond.map(({ last }) => last)), 6);
  });
});

/** What the Dynamo planner gets wrong and is kept for comparison; `docs/deviations.md` lists it, policies mend it. */
describe("§8.27 what 1.4.2 decides wrongly, reproduced", () => {
  it("an intercept below zero makes capacities no engine has", () => {
    const model = new PassTimeRegression({ maxSamples: 64, minSamples: 5, bins: 16 });
    for (let i = 1; i <= 8; i++) {
      model.learn({ prefillTokens: 4096 + 500 * i, decodeRequests: 64, decodeKvTokens: 300_000 }, 0.04 * 500 * i);
    }
    const limits = { maxBatchedTokens: 8192, maxSequences: 256, maxKvTokens: 1_000_000 };
    const point = findEngineCapacity("aggregated", model, limits, {
      inputTokens: 1000,
      outputTokens: 200,
      ttftSlaMs: 1500,
      itlSlaMs: 50,
      kvHitRate: null,
      acceptLength: 1,
    });
    expect(point!.requestsPerSecond).toBeGreaterThan(1e6);
  });

  it("passes that are always full tell nothing, however long the queue", () => {
    const model = new PassTimeRegression({ maxSamples: 64, minSamples: 5, bins: 16 });
    for (let i = 0; i < 20; i++) model.learn({ prefillTokens: 8192, decodeRequests: 0, decodeKvTokens: 0 }, 195 + i);
    expect(model.passMs({ prefillTokens: 8192, decodeRequests: 0, decodeKvTokens: 0 })).toBeNull();
  });
});

describe("§8.32 the log beside the page", () => {
  const config = { mode: "agg", optimization_target: "throughput", load_adjustment_interval_seconds: 1 };
  const rows = Array.from({ length: 30 }, (_, i) => ({ at: i * 200, input: 900, output: 60 }));
  const planned = async (planner: Planner | null) => {
    const engine = { num_gpu_blocks: 2000, block_size: 64 };
    return (await smallRun(rows, { engine, flags: ["--num-workers", "2"], change: { planner } })).result;
  };
  const dynamo = () => plannerFor(config, replayConfig(["--extra-engine-args", {}], "current", "auto").topology);

  it("has a row about itself and one for every recorded tick, figures finite or null", async () => {
    const result = await planned(dynamo());
    const lines = Array.from(
      plannerLog(result, "rep/run.html")!,
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(lines).toHaveLength(1 + result.planner!.ticks.length);
    expect(lines[0]).toMatchObject({
      kind: "metadata",
      num_snapshots: lines.length - 1,
      html_report_path: "rep/run.html",
    });
    expect(lines[1]).toMatchObject({
      kind: "snapshot",
      timestamp_s: 1,
      timestamp_utc: "1970-01-01T00:00:01+00:00",
    });
    expect(Object.keys(lines[1]!)).toEqual(Object.keys(lines[1]!).toSorted());
  });

  it("is not written without ticks, or for a policy without such records", async () => {
    expect(plannerLog(await planned(null), null)).toBeNull();
    expect(plannerLog(await planned(wanting(() => 2)), null)).toBeNull();
  });

  it("is named after the page", () => {
    expect(plannerLogPath("a/run.v1.html")).toBe("a/run.v1.log.jsonl.gz");
    expect(plannerLogPath("a/run.v1")).toBe("a/run.v1.log.jsonl.gz");
  });

  it("is written by a run, which is not lost when it cannot be", async () => {
    const cwd = scratchFolder();
    const args = ["replay", "-", "--extra-engine-args", '{"num_gpu_blocks": 2000}', "--report-json", "r.json"];
    const run = (filename: string) => {
      const settings = JSON.stringify({ ...config, ttft_ms: 300, report_filename: filename });
      return runCli([...args, "--sla-ttft-ms", "90", "--planner-config", settings], { cwd, stdin: traceText(rows) });
    };
    expect((await run("run.v1")).code).toBe(0);
    mkdirSync(join(cwd, "planner_reports/taken.log.jsonl.gz"));
    const taken = await run("taken.html");
    expect(taken.code).toBe(0);
    expect(taken.stderr).toContain("warning: cannot write planner_reports/taken.log.jsonl.gz");
    expect((await run("run.v1")).code).toBe(0);
    const log = gunzipSync(readFileSync(join(cwd, "planner_reports/run.v1.log.jsonl.gz"))).toString();
    expect(JSON.parse(log.split("\n")[0]!)).toMatchObject({
      html_report_path: "planner_reports/run.v1",
      ttft_ms: 300,
      itl_ms: 50,
    });
    const page = readFileSync(join(cwd, "planner_reports/run.v1"), "utf8");
    const result = JSON.parse(readFileSync(join(cwd, "r.json"), "utf8")) as { gpu_hours: number };
    expect(/GPU hours: ([\d.]+)/.exec(page)?.[1]).toBe(String(result.gpu_hours));
  });
});

describe("§8.33 the same inputs twice", () => {
  it("give the same result and log", async () => {
    const once = async () => {
      const rows = Array.from({ length: 60 }, (_, i) => ({
        at: i * 90,
        input: 2000 + i,
        output: 30,
        ids: [0, 1, 2, 9 + i],
      }));
      const engine = { num_gpu_blocks: 300, block_size: 64, startup_time: 1 };
      const { topology } = replayConfig(["--extra-engine-args", engine], "current", "auto");
      const settings = { mode: "agg", optimization_target: "sla", enable_load_scaling: true };
      const intervals = { load_adjustment_interval_seconds: 1, throughput_adjustment_interval_seconds: 2 };
      const planner = plannerFor({ ...settings, ...intervals, load_predictor: "arima" }, topology);
      const { result } = await smallRun(rows, { engine, change: { planner } });
      return [
        [...resultJson(result)].join("").replaceAll(/"(wall_time_ms|processed_\w+_per_s)": [^,\n]+/g, ""),
        [...plannerLog(result, null)!],
      ];
    };
    expect(await once()).toEqual(await once());
  });
});

describe("§8.34 the end of a run", () => {
  const rows = [{ at: 0, input: 500, output: 20 }];
  const engine = { num_gpu_blocks: 400, block_size: 64, startup_time: 1e6 };
  const run = (planner: Planner) => smallRun(rows, { engine, change: { planner } });

  it("does not wait for ticks or start-ups once all requests are done", async () => {
    const { outcome, result } = await run(wanting(() => 5, 0.01));
    expect(result.completed_requests).toBe(1);
    expect(result.duration_ms).toBeLessThan(1000);
    expect(outcome.ticks.at(-1)!.atSeconds * 1000).toBeLessThanOrEqual(result.duration_ms);
  });

  it("comes without a next tick too", async () => {
    const once: Planner = { firstTickSeconds: () => 0.01, onTick: () => ({ replicas: {}, nextTickSeconds: null }) };
    const { outcome, result } = await run(once);
    expect([outcome.ticks.length, result.completed_requests]).toEqual([1, 1]);
    const never: Planner = { ...once, firstTickSeconds: () => null };
    expect((await run(never)).outcome.ticks).toEqual([]);
  });
});

describe("§8.35 proposals of two loops", () => {
  it("that of load comes before that of the forecast, and limits before both", () => {
    const config = plannerConfig({ maxGpuBudget: 8, minEndpoint: 6 });
    const engines = { prefill: null, decode: capabilities() };
    const of = (decode: number) =>
      projectTargets({ prefill: null, decode }, { prefill: null, decode: 2 }, config, engines);
    expect(of(10)).toEqual({ prefill: null, decode: 8 });
    expect(of(4)).toEqual({ prefill: null, decode: 6 });
  });

  it("plug-ins that would merge theirs are accepted and said not to run", () => {
    const problems = new ProblemList();
    const plugin = { plugin_id: "a", plugin_type: "propose", priority: 5, endpoint: "grpc://x:1" };
    const settings = parsePlannerConfig({ mode: "agg", scheduling: { external_plugins: [plugin] } }, "c", problems);
    expect(problems.problems).toEqual([]);
    expect(settings!.notes.join("\n")).toContain("plug-ins of the live planner are not run");
  });
});
