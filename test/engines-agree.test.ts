import * as fc from "./seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { AggregatedWorker } from "../src/engine/aggregated/aggregated-worker.ts";
import { aggregatedPathApplies, createAggregatedFleetState } from "../src/engine/aggregated/fleet-state.ts";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import { PagedRank } from "../src/engine/pass-by-pass/paged-rank.ts";
import { PassByPassWorker } from "../src/engine/pass-by-pass/pass-by-pass-worker.ts";
import { semanticsByName, type SemanticsName } from "../src/engine/semantics.ts";
import type { Worker } from "../src/engine/worker.ts";
import { GapRecorder } from "../src/metrics/gap-recorder.ts";
import { RequestLedger } from "../src/metrics/request-ledger.ts";
import type { Trace } from "../src/trace/trace.ts";
import { onOfferGrid } from "../src/workload/offer-grid.ts";
import { engineConfig } from "./golden-case.ts";
import { ledgerColumns } from "./ledger-columns.ts";
import { rankContext } from "./rank-context.ts";
import { traceOf, workloads, type Workload } from "./random-workload.ts";

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
  const rank = new PagedRank(rankContext(trace, config, name, ledger, 3));
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
    for (const column of ledgerColumns) expect(side.ledger[column], column).toEqual(plain.ledger[column]);
    expect(side.ledger.preemptions.all()).toEqual(plain.ledger.preemptions.all());
    expect(side.ledger.gaps.sorted()).toEqual(plain.ledger.gaps.sorted());
  }
}

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
