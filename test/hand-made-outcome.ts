import { GapRecorder } from "../src/metrics/gap-recorder.ts";
import { HandoffColumns } from "../src/metrics/handoff-columns.ts";
import { FailureReason, RequestLedger, RequestStatus } from "../src/metrics/request-ledger.ts";
import { buildRunResult, type ResultContext } from "../src/result/build-run-result.ts";
import type { RunResult } from "../src/result/schema.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";

/** What became of a request, s; a time that is absent never came. */
export interface HandMadeRequest {
  readonly arrival: number;
  readonly admit?: number;
  readonly first?: number;
  readonly second?: number;
  readonly last?: number;
  readonly terminal?: number;
  readonly status?: RequestStatus;
  readonly reason?: FailureReason;
  readonly input?: number;
  readonly output?: number;
  readonly reused?: number;
  readonly attempts?: number;
  readonly preempted?: readonly [from: number, to: number];
  /** Of a disaggregated run. */
  readonly handoff?: {
    readonly prefillAdmit: number;
    readonly held: number;
    readonly activated: number;
    readonly released: number;
    readonly decodeReused?: number;
  };
}

/** An outcome with these requests; everything else as if nothing had happened. */
export function handMadeOutcome(
  requests: readonly HandMadeRequest[],
  rest: Partial<SimulationOutcome> = {},
): SimulationOutcome {
  const count = requests.length;
  const ledger = new RequestLedger(count, new GapRecorder());
  const handoffs = requests.some(({ handoff }) => handoff !== undefined) ? new HandoffColumns(count) : null;
  if (requests.some(({ attempts }) => attempts !== undefined)) ledger.attempts = new Uint8Array(count).fill(1);
  for (const [place, request] of requests.entries()) {
    const ns = (seconds: number | undefined) => (seconds ?? Number.NaN) * 1e9;
    ledger.arrivalNs[place] = ns(request.arrival);
    ledger.admitNs[place] = ns(request.admit);
    ledger.firstTokenNs[place] = ns(request.first);
    ledger.secondTokenNs[place] = ns(request.second);
    ledger.lastTokenNs[place] = ns(request.last);
    ledger.terminalNs[place] = ns(request.terminal);
    ledger.status[place] = request.status ?? RequestStatus.completed;
    ledger.reason[place] = request.reason ?? FailureReason.none;
    ledger.outputTokens[place] = request.output ?? 1;
    ledger.reusedTokens[place] = request.reused ?? 0;
    if (request.attempts !== undefined) ledger.attempts![place] = request.attempts;
    if (request.preempted !== undefined) {
      ledger.preemptions.onPreempted(place, ns(request.preempted[0]));
      ledger.preemptions.onReadmitted(place, ns(request.preempted[1]));
    }
    if (request.handoff === undefined || handoffs === null) continue;
    handoffs.prefillAdmitNs[place] = ns(request.handoff.prefillAdmit);
    handoffs.sourceHeldNs[place] = ns(request.handoff.held);
    handoffs.destinationActivatedNs[place] = ns(request.handoff.activated);
    handoffs.sourceReleasedNs[place] = ns(request.handoff.released);
    handoffs.decodeReusedTokens[place] = request.handoff.decodeReused ?? 0;
  }
  return {
    trace: {
      name: "made by hand",
      count,
      arrivalMs: Float64Array.from(requests, ({ arrival }) => arrival * 1000),
      inputLength: Int32Array.from(requests, ({ input }) => input ?? 10),
      outputLength: Int32Array.from(requests, ({ output }) => output ?? 1),
      blocks: null,
      sessions: null,
      notes: [],
    },
    ledger,
    engine: "pass-by-pass",
    offeredRequests: count,
    durationNs: Math.max(0, ...requests.map(({ last }) => last ?? 0)) * 1e9,
    passes: 0,
    prefillTokens: 0,
    workers: [],
    scalingEvents: [],
    ticks: [],
    loadSamples: null,
    handoffs,
    endedEarly: null,
    ...rest,
  };
}

/** The result of a hand-made outcome. */
export function handMadeResult(outcome: SimulationOutcome, context: Partial<ResultContext> = {}): RunResult {
  return buildRunResult(outcome, {
    windtunnelVersion: "0.0.0",
    semantics: "current",
    mode: outcome.handoffs === null ? "agg" : "disagg",
    gpusPerWorker: { prefill: 0, decode: 2 },
    config: {},
    warnings: [],
    sla: null,
    policy: null,
    wallTimeMs: 1,
    ...context,
  });
}
