import { describe, expect, test } from "vitest";
import { handMadeOutcome, handMadeResult, type HandMadeRequest } from "../../test/hand-made-outcome.ts";
import { emptyForwardPass } from "../engine/forward-pass.ts";
import { FailureReason, RequestStatus } from "../metrics/request-ledger.ts";

const { timedOut, failed, canceled, pending, rejected } = RequestStatus;
const requests: readonly HandMadeRequest[] = [
  // Within the first bound by a hair, and in the batch at once.
  {
    arrival: 0,
    admit: 0,
    first: 1.5,
    second: 2,
    last: 3.5,
    terminal: 3.5,
    output: 5,
    input: 100,
    reused: 40,
    attempts: 1,
    preempted: [2, 2.25],
  },
  { arrival: 2, admit: 2.5, first: 3.2, last: 3.2, terminal: 3.2, input: 50, reused: 10, attempts: 1 },
  // Its client left after two tokens, of the second attempt.
  {
    arrival: 1,
    admit: 1,
    first: 2,
    second: 3,
    last: 3,
    terminal: 4,
    output: 2,
    status: timedOut,
    reason: FailureReason.clientTimeout,
    attempts: 2,
  },
  { arrival: 5, terminal: 6, output: 0, status: failed, reason: FailureReason.workerFailed, attempts: 1 },
  { arrival: 5.5, terminal: 6.5, output: 0, status: canceled, reason: FailureReason.clientCanceled, attempts: 1 },
  { arrival: 7, terminal: 7, output: 0, status: rejected, reason: FailureReason.routerQueueFull, attempts: 1 },
  { arrival: 8, output: 0, status: pending, attempts: 1 },
];
const workers = [
  {
    pool: "agg",
    id: 0,
    gpus: 2,
    createdNs: 0,
    readyNs: 0,
    drainingNs: 700e9,
    goneNs: 700e9,
    busyNs: 0,
    requests: 7,
  },
] as const;
const sla = { source: "flags", ttftMs: 1500, itlMs: 400, e2eMs: 1200 } as const;
const outcome = handMadeOutcome(requests, {
  workers,
  disruptions: { failures: [], retries: 1, migrations: 0, wastedTokens: 2 },
});
const result = handMadeResult(outcome, { sla });

describe("requests that end in every way", () => {
  test("are counted by how they ended", () => {
    expect(result).toMatchObject({
      num_requests: 7,
      completed_requests: 2,
      rejected_requests: 1,
      failed_requests: 3,
      incomplete_requests: 1,
      total_input_tokens: 150,
      total_output_tokens: 6,
    });
    expect(result.disruptions).toMatchObject({
      timed_out_requests: 1,
      canceled_requests: 1,
      lost_requests: 1,
      retried_requests: 1,
    });
  });

  test("have latencies if they completed; a request's own gap is over its gaps, not its tokens", () => {
    expect(result).toMatchObject({ max_ttft_ms: 1500, min_ttft_ms: 1200, num_ttft_samples: 2 });
    expect(result).toMatchObject({ max_e2e_latency_ms: 3500, max_ttst_ms: 500 });
    expect(result.aiperf_itl_ms).toMatchObject({ min: 500, max: 500 });
    expect(result.aiperf_output_token_throughput_per_user).toMatchObject({ min: 2, max: 2 });
  });

  test("meet a bound they reach exactly, and that on gaps without any; those that left otherwise meet none", () => {
    expect(result.sla!.attainment).toEqual({ ttft: 2 / 6, itl: 1 / 6, e2e: 1 / 6, all: 1 / 6 });
    expect(result.goodput_completed_requests).toBe(1);
    expect(result.goodput_output_throughput_tok_s).toBeCloseTo(1 / 3.5, 12);
  });

  test("are told of one by one, the slowest first", () => {
    const [first, second] = result.worst_requests;
    expect(result.worst_requests).toHaveLength(2);
    expect(first).toMatchObject({ request: 0, queued_ms: 0, prefill_ms: 1500, decode_ms: 2000, preempted_ms: 250 });
    expect(second).toMatchObject({ request: 1, queued_ms: 500, prefill_ms: 700, decode_ms: 0, itl_ms: null });
  });
});

describe("the timeline of a run of 700 s", () => {
  const { timeline } = result;
  const filled = (series: readonly (number | null)[]) =>
    Object.fromEntries([...series.entries()].filter(([, value]) => value !== null));

  test("has a bucket a second to the last worker's end, and fewer in its overview", () => {
    expect(timeline).toMatchObject({ bucket_s: 1, buckets: 701, overview: { bucket_s: 5, buckets: 141 } });
    expect(filled(timeline.overview.ttft_ms.mean)).toEqual({ 0: 1350 });
  });

  test("shows a figure when it could be observed", () => {
    expect(filled(timeline.ttft_ms.mean)).toEqual({ 1: 1500, 3: 1200 });
    expect(filled(timeline.itl_ms.mean)).toEqual({ 3: 500 });
    expect(filled(timeline.reused_ratio)).toEqual({ 3: 50 / 150 });
    expect(filled(timeline.sla_attainment!.ttft!)).toEqual({ 3: 1, 4: 0, 6: 0, 7: 0 });
    for (const bound of ["itl", "e2e", "all"] as const) {
      expect(filled(timeline.sla_attainment![bound]!), bound).toEqual({ 3: 0.5, 4: 0, 6: 0, 7: 0 });
    }
  });

  test("has means over a bucket's time", () => {
    // From arrival to admission, or to the end without one; the last one waits on.
    expect(timeline.queued.slice(0, 10)).toEqual([0, 0, 0.5, 0, 0, 1.5, 0.5, 0, 1, 1]);
    expect(timeline.in_flight.slice(0, 5)).toEqual([1, 2, 3, 1.7, 0]);
  });

  test("adds up GPU-hours to the end of each bucket, and shows a worker drain that has not gone", () => {
    expect(timeline.gpu_hours[0]).toBeCloseTo(2 / 3600, 12);
    expect(timeline.gpu_hours[700]).toBeCloseTo(1400 / 3600, 12);
    expect(timeline.replicas.agg).toEqual({ t_s: [0, 700], active: [1, 0], starting: [0, 0], draining: [0, 1] });
  });

  test("has percentiles by nearest rank in each bucket", () => {
    const ten = Array.from({ length: 10 }, (_, i) => ({
      arrival: 100 - (i + 1) / 8,
      admit: 100,
      first: 100,
      last: 100,
      terminal: 100,
    }));
    const { ttft_ms: shown } = handMadeResult(handMadeOutcome(ten, { workers })).timeline;
    expect([shown.mean[100], shown.p50[100], shown.p90[100], shown.p99[100]]).toEqual([687.5, 750, 1125, 1250]);
  });
});

test("the slowest of equal requests come in the order of the trace; two tokens at once are no rate", () => {
  const equal = Array.from({ length: 25 }, () => ({
    arrival: 0,
    admit: 0,
    first: 1,
    second: 1,
    last: 1,
    terminal: 1,
    output: 2,
  }));
  const { worst_requests: worst, aiperf_output_token_throughput_per_user: rate } = handMadeResult(
    handMadeOutcome(equal),
  );
  expect(worst.map(({ request }) => request)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(rate.max).toBe(0);
});

test("a handed-over request's stations and context: held, on its way, at the destination", () => {
  const {
    timeline,
    worst_requests: worst,
    ...whole
  } = handMadeResult(
    handMadeOutcome([
      {
        arrival: 0,
        admit: 1,
        first: 4.5,
        second: 5,
        last: 5,
        terminal: 5,
        input: 100,
        output: 2,
        reused: 16,
        handoff: { prefillAdmit: 1, held: 2, activated: 4, released: 4.25, decodeReused: 48 },
      },
    ]),
  );
  expect(worst[0]).toMatchObject({ queued_ms: 1000, prefill_ms: 1000, transfer_ms: 2000, decode_ms: 1000 });
  expect(whole.prefix_cache_reused_ratio).toBeCloseTo(0.48, 12);
  const width = timeline.bucket_s;
  expect(timeline.context_tokens[Math.floor(3.9 / width)]).toBe(0);
  expect(timeline.context_tokens[Math.floor(4.1 / width)]).toBe(100);
});

test("cache tiers and sampled loads are told under their names", () => {
  const tierFigures = {
    hostHitTokens: 1,
    diskHitTokens: 2,
    objectHitTokens: 3,
    onboardings: 4,
    onboardingNs: 20e6,
    offloadedBlocks: 5,
    droppedBlocks: 6,
    diskWrites: 7,
    objectWrites: 8,
    hostEvictions: 9,
    diskEvictions: 10,
    stallNs: 11e6,
  };
  const pass = {
    ...emptyForwardPass(),
    numPrefillRequests: 1,
    numDecodeRequests: 2,
    numQueuedPrefill: 4,
    numQueuedDecode: 8,
    activeBlocks: 16,
    sumQueuedPrefillTokens: 32,
    sumQueuedDecodeKvTokens: 64,
    sumDecodeKvTokens: 128,
  };
  const sample = { atSeconds: 1, pool: "agg", worker: 3, rank: 1 } as const;
  const told = handMadeResult(
    handMadeOutcome([], {
      workers,
      tierFigures,
      loadSamples: {
        intervalSeconds: 1,
        entries: [
          { ...sample, pass },
          { ...sample, pass: null },
        ],
      },
    }),
  );
  expect(told.kv_tiers).toEqual({
    host_hit_tokens: 1,
    disk_hit_tokens: 2,
    object_hit_tokens: 3,
    onboardings: 4,
    mean_onboarding_ms: 5,
    offloaded_blocks: 5,
    dropped_blocks: 6,
    disk_writes: 7,
    object_writes: 8,
    host_evictions: 9,
    disk_evictions: 10,
    stall_ms: 11,
  });
  expect(told.load_samples).toEqual({
    interval_s: 1,
    t_s: [1, 1],
    worker: [3, 3],
    rank: [1, 1],
    running: [3, 0],
    waiting: [12, 0],
    kv_blocks: [16, 0],
    queued_prefill_tokens: [32, 0],
    queued_decode_kv_tokens: [64, 0],
    inflight_decode_kv_tokens: [128, 0],
  });
});
