import * as fc from "./seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { AggregatedWorker } from "../src/engine/aggregated/aggregated-worker.ts";
import { aggregatedPathApplies, createAggregatedFleetState } from "../src/engine/aggregated/fleet-state.ts";
import { PagedRank } from "../src/engine/pass-by-pass/paged-rank.ts";
import { PassByPassWorker } from "../src/engine/pass-by-pass/pass-by-pass-worker.ts";
import { semanticsByName, type SemanticsName } from "../src/engine/semantics.ts";
import { SglangRank } from "../src/engine/sglang/sglang-rank.ts";
import type { Worker } from "../src/engine/worker.ts";
import { GapRecorder } from "../src/metrics/gap-recorder.ts";
import { RequestLedger } from "../src/metrics/request-ledger.ts";
import type { Trace } from "../src/trace/trace.ts";
import { engineConfig } from "./golden-case.ts";
import { familyTrace } from "./prompt-families.ts";
import { rankContext } from "./rank-context.ts";

interface Asked {
  readonly family: number;
  readonly commonBlocks: number;
  readonly inputLength: number;
  readonly outputLength: number;
  readonly gapMs: number;
}

const asked: fc.Arbitrary<Asked> = fc.record({
  family: fc.nat(2),
  commonBlocks: fc.nat(8),
  inputLength: fc.integer({ min: 1, max: 40 }),
  outputLength: fc.integer({ min: 1, max: 20 }),
  gapMs: fc.oneof(fc.constant(0), fc.nat(15), fc.nat(400)),
});

const blockSize = 4;

type Kind = "aggregated" | "paged" | "paged in rows" | "sglang";

function workerOf(kind: Kind, trace: Trace, numGpuBlocks: number, semanticsName: SemanticsName): Worker {
  const engineType = kind === "sglang" ? "sglang" : "vllm";
  const config = engineConfig({ engineType, blockSize, numGpuBlocks, maxNumSeqs: 8, maxNumBatchedTokens: 24 });
  const semantics = semanticsByName[semanticsName];
  const ledger = new RequestLedger(trace.count, new GapRecorder());
  if (kind === "aggregated") {
    expect(aggregatedPathApplies(config)).toBe(true);
    return new AggregatedWorker(createAggregatedFleetState(trace, config, semantics, ledger), 0);
  }
  const context = rankContext(trace, config, semanticsName, ledger);
  const rank = kind === "sglang" ? new SglangRank(context) : new PagedRank(context);
  return new PassByPassWorker([rank], Infinity, kind === "paged in rows");
}

describe("what a router knows of a cache that is published at the end of a pass", () => {
  it.each<[Kind, SemanticsName]>([
    ["aggregated", "current"],
    ["paged", "current"],
    ["paged in rows", "current"],
    ["sglang", "current"],
    ["sglang", "dynamo-1.4"],
  ])("is what it held before the pass under way (%s, %s)", (kind, semantics) => {
    fc.assert(
      fc.property(
        fc.array(asked, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 12, max: 40 }),
        (requests, numGpuBlocks) => {
          const trace = familyTrace(requests, blockSize);
          const worker = workerOf(kind, trace, numGpuBlocks, semantics);
          const everything = (of: Worker, atNs: number) =>
            requests.map((_, request) => of.prefixOverlapBlocks(request, atNs));
          const sentNs: number[] = [];
          /** A worker that has run the passes before `untilNs` only, and hides nothing. */
          const upTo = (untilNs: number): Worker => {
            const other = workerOf(kind, trace, numGpuBlocks, semantics);
            for (const [request, atNs] of sentNs.entries()) {
              if (atNs > untilNs) break;
              other.advance(atNs, false);
              other.enqueue(request, atNs);
            }
            other.advance(untilNs, false);
            return other;
          };
          expect(everything(worker, 0)).toEqual(requests.map(() => 0));
          let nowNs = 0;
          for (const [request, { gapMs }] of requests.entries()) {
            nowNs += gapMs * 1e6;
            worker.advance(nowNs, false);
            const pass = worker.busyUntilNs > nowNs ? worker.lastPassEndedBy(Infinity, -1) : null;
            expect(everything(worker, nowNs)).toEqual(everything(upTo(pass?.startNs ?? nowNs), Infinity));
            worker.enqueue(request, nowNs);
            sentNs.push(nowNs);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
