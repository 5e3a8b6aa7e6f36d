import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import { LoadSampler, offeredSeconds } from "./load-sampler.ts";
import { PlannerLoop, type ScaledPool } from "./planner-loop.ts";
import { RequestWatch } from "./request-watch.ts";
import { conditionalDisaggregation } from "./run-config.ts";
import type { RunInputs } from "./run-inputs.ts";
import { TrafficRecorder } from "./traffic-recorder.ts";

/** Who looks on while a run goes: the planner and what it is told, or, without one, samples of the engines' load. */
export interface RunObservers {
  readonly planner: PlannerLoop | null;
  readonly traffic: TrafficRecorder | null;
  readonly watch: RequestWatch | null;
  readonly loads: LoadSampler | null;
}

/**
 * Makes the observers a run's configuration asks for.
 * @param handoffs of a disaggregated run; else null
 * @param pools all pools, each with what a planner must know of it
 * @param workers how many there are at the start, in all pools
 */
export function createObservers(
  { trace, config, semantics, ledger }: RunInputs,
  handoffs: HandoffColumns | null,
  pools: readonly ScaledPool[],
  workers: number,
): RunObservers {
  const { planner } = config;
  const { dpSize } = pools[0]!;
  if (planner === null) {
    const loads = new LoadSampler(dpSize, workers * dpSize, offeredSeconds(trace, config));
    return { planner: null, traffic: null, watch: null, loads };
  }
  const traffic = new TrafficRecorder(ledger, trace.inputLength, planner.seesRequests === true);
  const computesOnDecode = conditionalDisaggregation(config) !== null;
  const watch = new RequestWatch(ledger, trace.inputLength, handoffs, { dpSize, computesOnDecode });
  return { planner: new PlannerLoop(planner, pools, semantics, { traffic, watch }), traffic, watch, loads: null };
}
