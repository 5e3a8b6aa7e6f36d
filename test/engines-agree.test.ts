import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AggregatedWorker } from "../src/engine/aggregated/aggregated-worker.ts";
import { aggregatedPathApplies, createAggregatedFleetState } from "../src/engine/aggregated/fleet-state.ts";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import { PagedRank } from "../src/engine/pass-by-pass/paged-rank.ts";
import { PassByPassWorker } from "../src/engine/pass-by-pass/pass-by-pass-worker.ts";
import { PromptBlocks } from "../src/engine/prompt-blocks.ts";
import { semanticsByName, type SemanticsName } from "../src/engine/semantics.ts";
import type { Worker } from "../src/engine/worker.ts";
import { GapRecorder } from "../src/metrics/gap-recorder.ts";
import { RequestLedger } from "../src/metrics/request-ledger.ts";
import type { PerfModel } from "../src/perf/perf-model.ts";
import { polynomialPerfModel } from "../src/perf/polynomial.ts";
import type { Trace } from "../src/trace/trace.ts";
import { onOfferGrid } from "../src/workload/offer-grid.ts";
import { engineConfig } from "./golden-case.ts";

const provenance = { kind: "test", description: "made up" };
/** Depends on requests and mean context only, as measured tables do. */
const byContext: PerfModel = {
  provenance,
  decodeDependsOn: "batch-and-context",
  prefillMs: (requests, meanNew, meanPrefix) => 1 + requests * meanNew * (1 + meanPrefix / 1000),
  decodeMs: (requests, context) => 1 + requests / 7 + context / 100,
};
/** Depends on everything. */
const byAll: PerfModel = {
  ...byContext,
  decodeDependsOn: "all",
  decodeMs: (requests, context, active, pool) => 1 + requests / 7 + context / 100 + active / pool,
};

/** One request of a random workload: `like` names an earlier request whose leading `sharedBlocks` trace blocks it repeats. */
interface RandomRequest {
  readonly like: number;
  readonly sharedBlocks: number;
  readonly inputLength: number;
  readonly outputLength: number;
  /** Time since the arrival before it. */
  readonly gapMs: number;
}

interface Workload {
  readonly requests: readonly RandomRequest[];
  readonly traceBlockSize: number;
  readonly engine: Partial<EngineConfig>;
  readonly semantics: SemanticsName;
  /** Closed loop with so many requests in flight; 0 = open loop. */
  readonly concurrency: number;
}

const workloads: fc.Arbitrary<Workload> = fc
  .record({
    requests: fc.array(
      fc.record({
        like: fc.nat(20),
        sharedBlocks: fc.nat(12),
        inputLength: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(8, 16, 24, 32, 64)),
        outputLength: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 })),
        gapMs: fc.oneof(
          { weight: 2, arbitrary: fc.constant(0) },
          fc.integer({ min: 0, max: 120 }),
          fc.integer({ min: 0, max: 1000 }).map((n) => n / 7),
        ),
      }),
      { minLength: 1, maxLength: 30 },
    ),
    traceBlockSize: fc.constantFrom(1, 2, 3, 4, 8, 16),
    engineType: fc.constantFrom("vllm" as const, "vllm" as const, "trtllm" as const),
    blockSize: fc.constantFrom(1, 2, 3, 4, 4, 5, 8, 16),
    poolTokens: fc.oneof(fc.integer({ min: 8, max: 120 }), fc.integer({ min: 50, max: 1000 })),
    maxNumSeqs: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(64)),
    spareTokens: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(200), fc.constant(Infinity)),
    maxModelLen: fc.oneof({ weight: 4, arbitrary: fc.constant(Infinity) }, fc.integer({ min: 5, max: 60 })),
    enablePrefixCaching: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    enableChunkedPrefill: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
    speedupRatio: fc.constantFrom(1, 1, 2, 3.7),
    decodeSpeedupRatio: fc.constantFrom(1, 1, 1.5),
    perfModel: fc.constantFrom(polynomialPerfModel, polynomialPerfModel, byContext, byAll),
    semantics: fc.constantFrom("dynamo-1.4" as const, "current" as const),
    concurrency: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 8 })),
  })
  .map(({ requests, traceBlockSize, semantics, concurrency, poolTokens, spareTokens, ...engine }) => ({
    requests,
    traceBlockSize,
    semantics,
    concurrency,
    engine: {
      ...engine,
      numGpuBlocks: Math.max(1, Math.floor(poolTokens / engine.blockSize)),
      maxNumBatchedTokens: engine.maxNumSeqs + spareTokens,
    },
  }));

function traceOf(workload: Workload): Trace {
  const { requests, traceBlockSize } = workload;
  const ids: number[][] = [];
  let distinct = 0;
  for (const [i, request] of requests.entries()) {
    const shared = i === 0 ? [] : ids[request.like % i]!.slice(0, request.sharedBlocks);
    const blocks = Math.ceil(request.inputLength / traceBlockSize);
    const own = shared.slice(0, blocks);
    while (own.length < blocks) own.push(distinct++);
    ids.push(own);
  }
  const offsets = new Float64Array(requests.length + 1);
  for (const [i, own] of ids.entries()) offsets[i + 1] = offsets[i]! + own.length;
  let atMs = 0;
  return {
    name: "random",
    count: requests.length,
    arrivalMs: Float64Array.from(requests, (request) => (atMs += request.gapMs)),
    inputLength: Int32Array.from(requests, (request) => request.inputLength),
    outputLength: Int32Array.from(requests, (request) => request.outputLength),
    blocks: { blockSize: traceBlockSize, offsets, ids: Int32Array.from(ids.flat()), distinct },
    sessions: null,
    notes: [],
  };
}

/** A worker of either engine with a ledger of its own. */
interface Side {
  readonly worker: Worker;
  readonly ledger: RequestLedger;
  readonly check: () => void;
}

function aggregatedSide(trace: Trace, config: EngineConfig, name: SemanticsName): Side {
  const ledger = new RequestLedger(trace.count, new GapRecorder());
  const worker = new AggregatedWorker(createAggregatedFleetState(trace, config, semanticsByName[name], ledger), 3);
  return { worker, ledger, check: () => worker.scheduler.batch.pool.check() };
}

function passByPassSide(trace: Trace, config: EngineConfig, name: SemanticsName, rowsAllowed: boolean): Side {
  const ledger = new RequestLedger(trace.count, new GapRecorder());
  const rank = new PagedRank({
    index: 3,
    config,
    semantics: semanticsByName[name],
    ledger,
    prompts: new PromptBlocks(trace, config.blockSize),
    inputLength: trace.inputLength,
    outputLength: trace.outputLength,
    sampler: null,
    tiers: null,
    gapsOfCompletedOnly: false,
  });
  return {
    worker: new PassByPassWorker([rank], Infinity, rowsAllowed),
    ledger,
    check: () => rank.cache.checkInvariants(),
  };
}

/** What an observer at `atNs` sees of a worker. */
function view(worker: Worker, trace: Trace, atNs: number) {
  return {
    pass: worker.lastPassEndedBy(atNs, -1),
    left: [...worker.takeFinished()],
    nextStartNs: worker.nextStartNs,
    busyUntilNs: worker.busyUntilNs,
    busyNs: worker.busyNs,
    passes: worker.passes,
    inSystem: worker.inSystem,
    // Asked by a router, hence only about requests that have not been enqueued.
    overlap: Array.from({ length: trace.count - worker.requests }, (_, i) =>
      worker.prefixOverlapBlocks(worker.requests + i, atNs),
    ),
  };
}

function compare(workload: Workload): void {
  const trace = traceOf(workload);
  const config = engineConfig(workload.engine);
  expect(aggregatedPathApplies(config)).toBe(true);
  const fast = aggregatedSide(trace, config, workload.semantics);
  const plain = passByPassSide(trace, config, workload.semantics, false);
  const rows = passByPassSide(trace, config, workload.semantics, true);
  const step = (atNs: number, act: (worker: Worker) => void): readonly number[] => {
    act(fast.worker);
    act(rows.worker);
    act(plain.worker);
    fast.check();
    rows.check();
    plain.check();
    const seen = view(plain.worker, trace, atNs);
    expect(view(fast.worker, trace, atNs)).toEqual(seen);
    expect(view(rows.worker, trace, atNs)).toEqual(seen);
    return seen.left;
  };
  if (workload.concurrency === 0) runOpen(trace, step);
  else runClosed(trace, workload.concurrency, plain, step);
  for (const side of [fast, rows]) {
    for (const column of columns) expect(side.ledger[column], column).toEqual(plain.ledger[column]);
    expect(side.ledger.gaps.sorted()).toEqual(plain.ledger.gaps.sorted());
  }
}

const columns = [
  "admitNs",
  "firstTokenNs",
  "secondTokenNs",
  "lastTokenNs",
  "terminalNs",
  "outputTokens",
  "reusedTokens",
  "firstReusedTokens",
  "workerIndex",
  "status",
  "reason",
] as const;

type Step = (atNs: number, act: (worker: Worker) => void) => readonly number[];

function runOpen(trace: Trace, step: Step): void {
  for (let request = 0; request < trace.count; request++) {
    const atNs = onOfferGrid(trace.arrivalMs[request]! * 1e6);
    step(atNs, (worker) => {
      worker.advance(atNs, false);
      worker.enqueue(request, atNs);
    });
    // An observer between two arrivals.
    const between = request + 1 < trace.count ? (atNs + trace.arrivalMs[request + 1]! * 1e6) / 2 : atNs + 2e8;
    if (request % 3 === 0) step(between, (worker) => worker.advance(between, false));
  }
  step(Infinity, (worker) => worker.advance(Infinity, false));
}

function runClosed(trace: Trace, concurrency: number, plain: Side, step: Step): void {
  let next = 0;
  while (next < Math.min(concurrency, trace.count)) {
    const request = next++;
    step(0, (worker) => worker.enqueue(request, 0));
  }
  while (plain.worker.nextStartNs < Infinity) {
    const left = step(Infinity, (worker) => worker.advance(Infinity, true));
    for (const gone of left) {
      if (next === trace.count) break;
      const request = next++;
      const atNs = plain.ledger.terminalNs[gone]!;
      step(Infinity, (worker) => worker.enqueue(request, atNs));
    }
  }
}

describe("the aggregated engine and the pass-by-pass engine", () => {
  it("agree on every request, gap and pass of random workloads", () => {
    fc.assert(fc.property(workloads, compare), {
      numRuns: Number(process.env["ENGINES_AGREE_RUNS"] ?? 1500),
      seed: Number(process.env["ENGINES_AGREE_SEED"] ?? 20240607),
    });
  });
});
