import * as fc from "./seeded-properties.ts";
import { describe, expect, it } from "vitest";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import type { Observation, Planner } from "../src/planner/planner.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { engineConfig } from "./golden-case.ts";
import { traceOf, workloads, type Workload } from "./random-workload.ts";
import { ledgerColumns } from "./ledger-columns.ts";

/** A random disaggregated run: a workload, its engine on both sides, and what its policy does. */
interface HandoffWorkload extends Workload {
  readonly decodeEngine: Partial<EngineConfig>;
  readonly prefillWorkers: number;
  readonly decodeWorkers: number;
  readonly startupSeconds: number;
  /** Seconds between ticks; 0 = no policy. */
  readonly tickSeconds: number;
  /** Replicas a tick asks for, prefill and decode; 0 = as they are. */
  readonly targets: readonly (readonly [number, number])[];
  readonly router: RunConfig["routerMode"];
}

const handoffWorkloads: fc.Arbitrary<HandoffWorkload> = fc
  .record({
    workload: workloads,
    decodePoolTokens: fc.oneof(fc.integer({ min: 40, max: 120 }), fc.integer({ min: 50, max: 1000 })),
    decodeSeqs: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(64)),
    prefillWorkers: fc.integer({ min: 1, max: 3 }),
    decodeWorkers: fc.integer({ min: 1, max: 3 }),
    transfer: fc.record({
      kvTransferBandwidth: fc.constantFrom(0, 0, 0.001, 0.01, 0.1),
      kvTransferTimingMode: fc.constantFrom("full_prompt" as const, "destination_missing" as const),
    }),
    startupSeconds: fc.constantFrom(0, 0.05),
    tickSeconds: fc.constantFrom(0, 0, 0.037, 0.2),
    targets: fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), { maxLength: 12 }),
    router: fc.constantFrom("round_robin" as const, "round_robin" as const, "kv_router" as const),
  })
  .map(({ workload, decodePoolTokens, decodeSeqs, transfer, ...run }) => {
    const { maxNumSeqs = 1, maxNumBatchedTokens = 1, blockSize = 1 } = workload.engine;
    const engine = { ...workload.engine, ...transfer, engineType: "vllm" as const, kvBytesPerToken: 1000 };
    const numGpuBlocks = Math.max(1, Math.floor(decodePoolTokens / blockSize));
    return {
      ...workload,
      ...run,
      engine,
      decodeEngine: {
        ...engine,
        numGpuBlocks,
        maxNumSeqs: decodeSeqs,
        maxNumBatchedTokens: decodeSeqs + maxNumBatchedTokens - maxNumSeqs,
      },
    };
  });

/** Decode pools that hold two or three requests, whose preempted ones take several passes to be computed again. */
const crampedDecodes: fc.Arbitrary<HandoffWorkload> = fc
  .record({
    workload: handoffWorkloads,
    requests: fc.array(
      fc.record({
        like: fc.nat(20),
        sharedBlocks: fc.constantFrom(0, 0, 3),
        inputLength: fc.constantFrom(3, 9, 17, 26, 40),
        outputLength: fc.constantFrom(1, 5, 12, 20, 40),
        gapMs: fc.constantFrom(0, 0, 1, 7, 40, 200),
      }),
      { minLength: 4, maxLength: 24 },
    ),
    blockSize: fc.constantFrom(1, 2, 4, 8),
    poolTokens: fc.constantFrom(60, 80, 120, 160),
    seqs: fc.constantFrom(3, 6, 64),
    budget: fc.constantFrom(8, 12, 16, 24, 40),
  })
  .map(({ workload, requests, blockSize, poolTokens, seqs, budget }) => {
    const engine = { ...workload.engine, blockSize, enableChunkedPrefill: true, maxModelLen: Infinity };
    return {
      ...workload,
      requests,
      traceBlockSize: blockSize,
      engine: { ...engine, numGpuBlocks: 1000, maxNumSeqs: 64, maxNumBatchedTokens: 64 },
      decodeEngine: {
        ...engine,
        numGpuBlocks: Math.floor(poolTokens / blockSize),
        maxNumSeqs: Math.min(seqs, budget - 1),
        maxNumBatchedTokens: budget,
      },
    };
  });

/** A policy that asks for given replicas, and what it has seen. */
class ScriptedPolicy implements Planner {
  readonly seen: Observation[] = [];
  private readonly workload: HandoffWorkload;

  constructor(workload: HandoffWorkload) {
    this.workload = workload;
  }

  firstTickSeconds(): number {
    return this.workload.tickSeconds;
  }

  onTick(observation: Observation) {
    const [prefill, decode] = this.workload.targets[this.seen.length] ?? [0, 0];
    this.seen.push(structuredClone(observation));
    return {
      replicas: { ...(prefill > 0 ? { prefill } : {}), ...(decode > 0 ? { decode } : {}) },
      nextTickSeconds: observation.nowSeconds + this.workload.tickSeconds,
    };
  }
}

function run(workload: HandoffWorkload, engine: RunConfig["engine"]) {
  const planner = workload.tickSeconds === 0 ? null : new ScriptedPolicy(workload);
  const startupSeconds = planner === null ? 0 : workload.startupSeconds;
  const outcome = simulate(traceOf(workload), {
    semantics: workload.semantics,
    topology: {
      mode: "disagg",
      prefillEngine: engineConfig({ ...workload.engine, startupSeconds }),
      decodeEngine: engineConfig({ ...workload.decodeEngine, startupSeconds }),
      numPrefillWorkers: workload.prefillWorkers,
      numDecodeWorkers: workload.decodeWorkers,
    },
    arrivalSpeedupRatio: 1,
    replayConcurrency: workload.concurrency === 0 ? null : workload.concurrency,
    maxSimTimeSeconds: null,
    routerMode: workload.router,
    planner,
    engine,
    seed: 1,
  });
  return { outcome, seen: planner?.seen ?? [] };
}

const handoffColumns = [
  "prefillWorkerIndex",
  "prefillAdmitNs",
  "sourceHeldNs",
  "destinationReservedNs",
  "destinationActivatedNs",
  "decodeAdmitNs",
  "sourceReleasedNs",
  "decodeReusedTokens",
] as const;

function expectEqual(fast: SimulationOutcome, plain: SimulationOutcome): void {
  for (const column of ledgerColumns) expect(fast.ledger[column], column).toEqual(plain.ledger[column]);
  for (const column of handoffColumns) expect(fast.handoffs![column], column).toEqual(plain.handoffs![column]);
  expect(fast.loadSamples).toEqual(plain.loadSamples);
  expect(fast.ledger.gaps.sorted()).toEqual(plain.ledger.gaps.sorted());
  const { workers, ticks, scalingEvents, passes, prefillTokens, durationNs, endedEarly } = fast;
  expect({ workers, ticks, scalingEvents, passes, prefillTokens, durationNs, endedEarly }).toEqual({
    workers: plain.workers,
    ticks: plain.ticks,
    scalingEvents: plain.scalingEvents,
    passes: plain.passes,
    prefillTokens: plain.prefillTokens,
    durationNs: plain.durationNs,
    endedEarly: plain.endedEarly,
  });
}

describe("disaggregated runs on the aggregated engine and on the pass-by-pass engine", () => {
  it("agree on every request, hand-off, gap and observation of random workloads", () => {
    const ran = { aggregated: 0, "pass-by-pass": 0 };
    fc.assert(
      fc.property(handoffWorkloads, (workload) => {
        const plain = run(workload, "pass-by-pass");
        const fast = run(workload, "auto");
        ran[fast.outcome.engine]++;
        expectEqual(fast.outcome, plain.outcome);
        expect(fast.seen).toEqual(plain.seen);
      }),
      {
        numRuns: Number(process.env["ENGINES_AGREE_RUNS"] ?? 700),
        seed: Number(process.env["ENGINES_AGREE_SEED"] ?? 20240607),
      },
    );
    // Some runs are given up and repeated on the plain engine (shortcut-failure.ts).
    expect(ran["pass-by-pass"]).toBeGreaterThan(0);
    expect(ran.aggregated).toBeGreaterThan(10 * ran["pass-by-pass"]);
  });

  it("agree where decode pools are cramped", () => {
    fc.assert(
      fc.property(crampedDecodes, (workload) => {
        const plain = run(workload, "pass-by-pass");
        const fast = run(workload, "auto");
        expectEqual(fast.outcome, plain.outcome);
        expect(fast.seen).toEqual(plain.seen);
      }),
      {
        numRuns: Number(process.env["ENGINES_AGREE_RUNS"] ?? 300),
        seed: Number(process.env["ENGINES_AGREE_SEED"] ?? 20240607),
      },
    );
  });
});
