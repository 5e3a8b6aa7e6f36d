import { ShortcutFailure } from "../engine/aggregated/shortcut-failure.ts";
import { semanticsByName, type Semantics } from "../engine/semantics.ts";
import { GapRecorder } from "../metrics/gap-recorder.ts";
import { HandoffColumns } from "../metrics/handoff-columns.ts";
import { RequestLedger, RequestStatus } from "../metrics/request-ledger.ts";
import type { Trace } from "../trace/trace.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { DependencySource } from "../workload/dependency-source.ts";
import { nearestOffer, offerAfterRounding } from "../workload/offer-grid.ts";
import { OpenLoopSource } from "../workload/open-loop.ts";
import { SessionSource } from "../workload/session-source.ts";
import { AggregatedRun } from "./aggregated-run.ts";
import { DisaggregatedRun } from "./disaggregated-run.ts";
import type { SimulationOutcome } from "./outcome.ts";
import { guarded, PlannerError } from "./planner-loop.ts";
import { rehearsalOf } from "./rehearsal.ts";
import { RememberedPlanner } from "./remembered-planner.ts";
import type { RunConfig } from "./run-config.ts";
import type { Progress, RunParts } from "./run-parts.ts";

/** What a caller may follow or steer while a run goes on. */
export interface SimulationHooks {
  /** Called now and then. */
  readonly onProgress?: (progress: Progress & { readonly total: number }) => void;
  /** Asked now and then; true ends the run with what is finished. */
  readonly shouldStop?: () => boolean;
}

/**
 * Replays a trace. Deterministic: the same trace and configuration give the same outcome, to the bit.
 * @returns what became of every request and worker; a planner's failure ends the run early and is told in `endedEarly`
 */
export function simulate(trace: Trace, config: RunConfig, hooks: SimulationHooks = {}): SimulationOutcome {
  const steps = simulateInSteps(trace, config);
  for (;;) {
    const step = steps.next(hooks.shouldStop?.() ?? false);
    if (step.done === true) return step.value;
    hooks.onProgress?.({ ...step.value, total: trace.count });
  }
}

/**
 * The same run as a generator that pauses now and then, for callers that must attend to something else in between
 * (signals, a terminal). `next(true)` ends the run with what is finished.
 */
export function* simulateInSteps(trace: Trace, config: RunConfig): Generator<Progress, SimulationOutcome, boolean> {
  const failure = foreseen(trace, config);
  const planner = config.planner === null ? null : new RememberedPlanner(config.planner, failure);
  try {
    return yield* simulateOnce(trace, { ...config, planner });
  } catch (error) {
    if (!(error instanceof ShortcutFailure)) throw error;
  }
  planner?.rewind();
  return yield* simulateOnce(trace, { ...config, planner, engine: "rows" });
}

/** Lets the policy look ahead, if it wants to; what went wrong with that, told when the run begins. */
function foreseen(trace: Trace, config: RunConfig): PlannerError | null {
  try {
    guarded("foresee", () => config.planner?.foresee?.(rehearsalOf(trace, config, simulate)));
    return null;
  } catch (error) {
    return error as PlannerError;
  }
}

function* simulateOnce(trace: Trace, config: RunConfig): Generator<Progress, SimulationOutcome, boolean> {
  const rules = semanticsByName[config.semantics];
  const semantics = config.outputsUnplanned === true ? { ...rules, hiddenOutputPlan: false } : rules;
  const ledger = new RequestLedger(trace.count, new GapRecorder());
  const source = arrivalSource(trace, config, semantics);
  const { topology } = config;
  const handoffs = topology.mode === "disagg" ? new HandoffColumns(trace.count) : null;
  const inputs = { trace, config, semantics, ledger };
  const parts =
    topology.mode === "agg"
      ? new AggregatedRun({ ...inputs, topology }, source)
      : new DisaggregatedRun({ ...inputs, topology, handoffs: handoffs! }, source);
  let endedEarly: SimulationOutcome["endedEarly"] = null;
  const steps = parts.run();
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) break;
      if ((yield step.value) === true) {
        endedEarly = { kind: "interrupted", message: "interrupted; requests not finished by then are left out" };
        break;
      }
    }
  } catch (error) {
    if (!(error instanceof PlannerError)) throw error;
    endedEarly = { kind: "planner_error", message: error.message };
  }
  if (endedEarly === null && config.maxSimTimeSeconds !== null && hasUnfinished(ledger, parts.offered, trace.count)) {
    endedEarly = { kind: "max_sim_time", message: `stopped at ${config.maxSimTimeSeconds} simulated seconds` };
  }
  const cutShort = endedEarly?.kind === "max_sim_time";
  const endNs = cutShort ? lastEvent(ledger, parts, config.maxSimTimeSeconds! * 1e9) : lastTerminal(ledger, false);
  const billedToNs = parts.interruptions === null || cutShort ? endNs : lastPassEnd(parts, endNs);
  const workers = parts.pools.flatMap((pool) => pool.finish(billedToNs));
  return {
    trace,
    ledger,
    engine: parts.engine,
    offeredRequests: parts.offered,
    durationNs: lastTerminal(ledger, true),
    passes: parts.pools.reduce((sum, pool) => sum + pool.passes, 0),
    prefillTokens: parts.pools.reduce((sum, pool) => sum + pool.prefillTokens, 0),
    workers,
    scalingEvents: parts.planner?.events ?? [],
    ticks: parts.planner?.ticks ?? [],
    loadSamples: parts.loadSamples,
    handoffs,
    ...(parts.tierFigures === null ? {} : { tierFigures: parts.tierFigures }),
    disruptions: parts.interruptions,
    endedEarly,
  };
}

function arrivalSource(trace: Trace, config: RunConfig, semantics: Semantics): ArrivalSource {
  const { arrivalSpeedupRatio, replayConcurrency } = config;
  const scaled = replayConcurrency === null || semantics.closedLoopScalesThinkTimes ? arrivalSpeedupRatio : 1;
  const offerNs = semantics.offersKeepRounding ? offerAfterRounding : nearestOffer;
  if (trace.dependencies != null) {
    return new DependencySource(trace, trace.dependencies, scaled, replayConcurrency);
  }
  if (trace.sessions === null && replayConcurrency === null) {
    return new OpenLoopSource(trace, arrivalSpeedupRatio, offerNs);
  }
  return new SessionSource(trace, scaled, replayConcurrency, offerNs);
}

/** When the last request left; with `completedOnly` rejected and failed ones do not count, as in the reference. */
function lastTerminal({ terminalNs, status }: RequestLedger, completedOnly: boolean): number {
  let last = 0;
  for (let i = 0; i < terminalNs.length; i++) {
    if (terminalNs[i]! > last && (!completedOnly || status[i] === RequestStatus.completed)) last = terminalNs[i]!;
  }
  return last;
}

/** The last thing that happened by `horizonNs`: an arrival, or the end of a pass of a worker that is still there. */
function lastEvent(ledger: RequestLedger, parts: RunParts, horizonNs: number): number {
  let last = lastTerminal(ledger, false);
  for (const atNs of ledger.arrivalNs) if (atNs > last && atNs <= horizonNs) last = atNs;
  for (const pool of parts.pools) {
    for (const { worker } of pool.serving()) last = Math.max(last, worker.lastPassEndedBy(horizonNs, -1)?.endNs ?? 0);
  }
  return last;
}

/** The end of the last pass: it may outlast the requests it was for, when their clients have gone. */
function lastPassEnd(parts: RunParts, atLeastNs: number): number {
  let last = atLeastNs;
  for (const pool of parts.pools) for (const { worker } of pool.serving()) last = Math.max(last, worker.busyUntilNs);
  return last;
}

function hasUnfinished(ledger: RequestLedger, offered: number, count: number): boolean {
  return offered < count || ledger.terminalNs.some((atNs) => Number.isNaN(atNs));
}
