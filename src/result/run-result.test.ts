import { beforeAll, describe, expect, test } from "vitest";
import { simulate } from "../replay.ts";
import { handMadeOutcome, handMadeResult } from "../../test/hand-made-outcome.ts";
import { resultDigest, sortKeys } from "./digest.ts";
import { runResultSchema } from "./schema.ts";
import type { RunResult } from "./schema.ts";
import { bucketSeconds } from "./timeline.ts";
import { FailureReason, RequestStatus } from "../metrics/request-ledger.ts";
import type { WorkerSpan } from "../simulation/outcome.ts";

const twenty = { inputTokens: 1000, outputTokens: 10, requestCount: 20, arrivalIntervalMs: 10 } as const;

describe("goodput (engine-reference §11, test 30)", () => {
  test("requests within the bound on the first token", async () => {
    const result = await simulate({ ...twenty, semantics: "dynamo-1.4", slaTtftMs: 100 });
    expect(result.goodput_completed_requests).toBe(4);
    expect(result.goodput_request_throughput_rps).toBeCloseTo(7.542838, 6);
    expect(result.goodput_output_throughput_tok_s).toBeCloseTo(75.42838, 5);
    expect(result.sla?.attainment).toEqual({ ttft: 0.2, itl: null, e2e: null, all: 0.2 });
  });

  test("every bound must hold", async () => {
    const result = await simulate({ ...twenty, semantics: "dynamo-1.4", slaTtftMs: 100, slaItlMs: 20 });
    expect(result.goodput_completed_requests).toBe(0);
    expect(result.sla?.attainment).toMatchObject({ ttft: 0.2, all: 0 });
  });

  test("a looser bound never lowers it", async () => {
    const good: number[] = [];
    for (const slaE2eMs of [50, 200, 400, 800]) {
      good.push((await simulate({ ...twenty, slaE2eMs })).goodput_completed_requests!);
    }
    expect(good).toEqual(good.toSorted((a, b) => a - b));
    expect(good.at(-1)).toBe(20);
  });
});

test("ten first tokens: nearest rank, population deviation (engine-reference §11, test 29)", async () => {
  const count = 10;
  const result = await simulate({
    trace: {
      name: "ten lengths",
      count,
      arrivalMs: Float64Array.from({ length: count }, (_, i) => i * 1000),
      inputLength: Int32Array.from({ length: count }, (_, i) => 512 * (i + 1)),
      outputLength: new Int32Array(count).fill(1),
      blocks: null,
      sessions: null,
      notes: [],
    },
    semantics: "dynamo-1.4",
  });
  const expected = {
    min: 30.152,
    median: 73.016,
    p75: 91.707,
    p90: 101.383,
    p95: 111.28,
    p99: 111.28,
    max: 111.28,
    mean: 69.392,
    std: 25.904,
  } as const;
  for (const [name, value] of Object.entries(expected)) {
    expect(result[`${name as keyof typeof expected}_ttft_ms`], name).toBeCloseTo(value, 3);
  }
  // One token each: no gaps, by either definition.
  expect(result).toMatchObject({ max_itl_ms: 0, max_ttst_ms: 0, aiperf_itl_ms: { max: 0 } });
});

describe("a whole run", () => {
  let result: RunResult;

  beforeAll(async () => {
    result = await simulate({
      trace: "preset:toolagent",
      numWorkers: 2,
      extraEngineArgs: { num_gpu_blocks: 4000 },
      slaTtftMs: 800,
      slaItlMs: 15,
      maxSimTimeSeconds: 400,
    });
  });

  test("keeps to its schema, every key described", () => {
    expect(runResultSchema.safeParse(JSON.parse(JSON.stringify(result))).error).toBeUndefined();
  });

  test("counts every offered request once", () => {
    const { num_requests: offered, completed_requests: completed, rejected_requests: rejected } = result;
    expect(completed + rejected + result.failed_requests + result.incomplete_requests).toBe(offered);
    const { timeline } = result;
    expect(sum(timeline.arrivals)).toBe(offered);
    expect(sum(timeline.completions)).toBe(completed);
    expect(sum(timeline.failures)).toBe(rejected + result.failed_requests);
  });

  test("buckets cover the run and no more", () => {
    const { timeline } = result;
    expect(timeline.buckets).toBeLessThanOrEqual(720);
    expect(timeline.arrivals).toHaveLength(timeline.buckets);
    // Workers stay until the last event before the cap.
    expect((timeline.buckets - 1) * timeline.bucket_s).toBeLessThanOrEqual(400);
    expect(timeline.buckets * timeline.bucket_s).toBeGreaterThan(lastEventSeconds(result));
    expect(result.duration_ms).toBeLessThanOrEqual(400_000);
  });

  test("in-flight means add up to the time requests spent in the system (Little's law)", () => {
    const { timeline } = result;
    const requestSeconds = sum(timeline.in_flight) * timeline.bucket_s;
    const latencySeconds = (result.mean_e2e_latency_ms / 1000) * result.completed_requests;
    // Requests still in the system at the end are in the first figure only.
    expect(requestSeconds).toBeGreaterThanOrEqual(latencySeconds * 0.999);
    expect(timeline.queued.every((queued, bucket) => queued <= timeline.in_flight[bucket]! + 1e-5)).toBe(true);
  });

  test("bucket figures join to the whole", () => {
    const { timeline } = result;
    const firstTokens = timeline.ttft_ms.mean.filter((mean) => mean !== null);
    expect(Math.max(...(timeline.ttft_ms.p99.filter((value) => value !== null) as number[]))).toBeLessThanOrEqual(
      result.max_ttft_ms,
    );
    expect(firstTokens.length).toBeGreaterThan(10);
    const attained = sum(
      timeline.sla_attainment!.all.map((share, bucket) =>
        share === null ? 0 : share * (timeline.completions[bucket]! + timeline.failures[bucket]!),
      ),
    );
    expect(Math.round(attained)).toBe(result.goodput_completed_requests);
    expect(timeline.gpu_hours.at(-1)).toBeCloseTo(result.gpu_hours, 9);
  });

  test("the distribution passes through the percentiles", () => {
    const { distributions } = result;
    const at = (share: number) => distributions.quantiles.indexOf(share);
    for (const [share, name] of [
      [0, "min"],
      [0.5, "median"],
      [0.75, "p75"],
      [0.9, "p90"],
      [0.99, "p99"],
      [1, "max"],
    ] as const) {
      expect(distributions.ttft_ms[at(share)]).toBe(result[`${name}_ttft_ms`]);
      expect(distributions.itl_ms[at(share)]).toBe(result[`${name}_itl_ms`]);
      expect(distributions.e2e_latency_ms[at(share)]).toBe(result[`${name}_e2e_latency_ms`]);
    }
  });

  test("the worst requests come slowest first and their stations add up", () => {
    const { worst_requests: worst } = result;
    expect(worst).toHaveLength(20);
    expect(worst[0]!.e2e_latency_ms).toBe(result.max_e2e_latency_ms);
    for (const request of worst) {
      const stations = request.queued_ms! + request.prefill_ms! + (request.transfer_ms ?? 0) + request.decode_ms!;
      expect(stations).toBeCloseTo(request.e2e_latency_ms, 6);
    }
    const latencies = worst.map((request) => request.e2e_latency_ms);
    expect(latencies).toEqual(latencies.toSorted((a, b) => b - a));
  });

  test("the scatter is a sample of at most 2,000 requests over the whole trace", () => {
    const { scatter } = result;
    expect(scatter.request.length).toBeLessThanOrEqual(2000);
    expect(scatter.request.length).toBeGreaterThan(1000);
    expect(new Set(scatter.request).size).toBe(scatter.request.length);
    expect(scatter.hit_share.every((share) => share >= 0 && share < 1)).toBe(true);
  });

  test("one GPU-hours figure everywhere", () => {
    const ofWorkers = sum(result.workers.map((worker) => (worker.gone_s - worker.created_s) * worker.gpus)) / 3600;
    expect(ofWorkers).toBeCloseTo(result.gpu_hours, 12);
    // A run that stops at a cap is billed to its last event before it.
    const end = lastEventSeconds(result);
    expect(end).toBeGreaterThan(399);
    expect(end).toBeLessThanOrEqual(400);
    expect(result.decode_worker_seconds).toBeCloseTo(2 * end, 9);
    expect(result.prefill_worker_seconds).toBe(0);
  });

  test("the digest covers what is simulated, not how long it took or which version ran", () => {
    const { digest, ...content } = result;
    expect(resultDigest(content)).toBe(digest);
    expect(resultDigest({ ...content, wall_time_ms: 1, processed_tokens_per_s: 2, windtunnel_version: "9" })).toBe(
      digest,
    );
    expect(resultDigest({ ...content, trace: { ...content.trace, name: "renamed.jsonl.gz" } })).toBe(digest);
    expect(resultDigest({ ...content, gpu_hours: content.gpu_hours + 1e-12 })).not.toBe(digest);
  });
});

describe("hand-made outcomes", () => {
  test("a planner's workers: steps, billing of starting and draining ones", () => {
    const result = handMadeResult(
      handMadeOutcome([], {
        workers: [
          span({ id: 0, createdNs: 0, readyNs: 0, goneNs: 10e9 }),
          span({ id: 1, createdNs: 1e9, readyNs: 3e9, drainingNs: 5e9, goneNs: 6e9 }),
          span({ id: 2, createdNs: 1e9, readyNs: Number.NaN, goneNs: 2e9 }),
        ],
      }),
    );
    expect(result.timeline.replicas.agg).toEqual({
      t_s: [0, 1, 2, 3, 5, 6],
      active: [1, 1, 1, 2, 1, 1],
      starting: [0, 2, 1, 0, 0, 0],
      draining: [0, 0, 0, 0, 1, 0],
    });
    expect(result.decode_worker_seconds).toBe(16);
    expect(result.gpu_hours).toBeCloseTo((16 * 2) / 3600, 12);
    expect(result.workers[2]).toMatchObject({ ready_s: null, draining_s: null, gone_s: 2 });
  });

  test("rejected, failed, unfinished and tokenless requests", () => {
    const left = { arrival: 1, terminal: 2, output: 0 };
    const { rejected, failed, pending } = RequestStatus;
    const requests = [
      left, // no token asked for
      { ...left, status: rejected, reason: FailureReason.promptExceedsKvPool },
      { ...left, status: failed, reason: FailureReason.outgrewKvPool },
      { arrival: 1, output: 0, status: pending },
    ];
    const workers = [span({ id: 0, createdNs: 0, readyNs: 0, goneNs: 10e9 })];
    const outcome = handMadeOutcome(requests, { workers, durationNs: 2e9 });
    const bounds = { source: "flags", ttftMs: null, itlMs: 50, e2eMs: null } as const;
    const result = handMadeResult(outcome, { sla: bounds });
    expect(result).toMatchObject({
      num_requests: 4,
      completed_requests: 1,
      rejected_requests: 1,
      failed_requests: 1,
      incomplete_requests: 1,
      failure_reasons: { prompt_exceeds_kv_pool: 1, outgrew_kv_pool: 1 },
      mean_ttft_ms: 0,
      std_itl_ms: 0,
      goodput_completed_requests: 0,
    });
    // No inter-token latency, so not within its bound; its latency ends when it leaves. So counts the reference.
    expect(result.sla?.attainment.itl).toBe(0);
    const goodWithin = (e2eMs: number) => {
      const sla = { source: "flags", ttftMs: null, itlMs: null, e2eMs } as const;
      return handMadeResult(outcome, { sla });
    };
    expect(goodWithin(1000).goodput_completed_requests).toBe(1);
    expect(goodWithin(999).goodput_completed_requests).toBe(0);
    expect(result.distributions.ttft_ms).toEqual([]);
  });

  test("nothing at all", () => {
    const result = handMadeResult(handMadeOutcome([]));
    expect(runResultSchema.safeParse(result).success).toBe(true);
    expect(result.request_throughput_rps).toBe(0);
  });
});

test.each([
  [0, 0.001],
  [0.5, 0.001],
  [3545, 5],
  [86_400, 300],
  [720 * 172_800, 259_200],
  [1e9, 1_468_800],
])("a run of %d s is shown in buckets of %d s", (seconds, width) => {
  expect(bucketSeconds(seconds)).toBe(width);
  expect(Math.floor(seconds / width) + 1).toBeLessThanOrEqual(720);
});

test("keys are sorted at every depth, lists keep their order", () => {
  expect(JSON.stringify(sortKeys({ b: [{ d: 1, c: [3, 1] }], a: undefined, A: null }))).toBe(
    '{"A":null,"b":[{"c":[3,1],"d":1}]}',
  );
});

/** When the last worker left. */
function lastEventSeconds(result: RunResult): number {
  return Math.max(...result.workers.map((worker) => worker.gone_s));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function span(given: Partial<WorkerSpan>): WorkerSpan {
  const nothing = { pool: "agg", gpus: 2, drainingNs: Number.NaN, busyNs: 0, requests: 0 } as const;
  return { ...nothing, id: 0, createdNs: 0, readyNs: 0, goneNs: 0, ...given };
}
