import * as fc from "./seeded-properties.ts";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import type { SemanticsName } from "../src/engine/semantics.ts";
import type { PerfModel } from "../src/perf/perf-model.ts";
import { polynomialPerfModel } from "../src/perf/polynomial.ts";
import type { Trace } from "../src/trace/trace.ts";

const provenance = { kind: "test", description: "made up" };
/** Depends on requests and mean context only, as measured tables do. */
export const byContext: PerfModel = {
  provenance,
  decodeDependsOn: "batch-and-context",
  prefillMs: (requests, meanNew, meanPrefix) => 1 + requests * meanNew * (1 + meanPrefix / 1000),
  decodeMs: (requests, context) => 1 + requests / 7 + context / 100,
};
/** Depends on everything. */
export const byAll: PerfModel = {
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

/** A random workload and the engine that serves it. */
export interface Workload {
  readonly requests: readonly RandomRequest[];
  readonly traceBlockSize: number;
  readonly engine: Partial<EngineConfig>;
  readonly semantics: SemanticsName;
  /** Closed loop with so many requests in flight; 0 = open loop. */
  readonly concurrency: number;
}

export const workloads: fc.Arbitrary<Workload> = fc
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

/** The trace of a random workload. */
export function traceOf(workload: Workload): Trace {
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
