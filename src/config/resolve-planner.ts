import { bootstrapPasses, physicalBootstrap } from "../planner/dynamo/bootstrap.ts";
import { DynamoPlanner } from "../planner/dynamo/dynamo-planner.ts";
import type { DynamoPlannerInputs } from "../planner/dynamo/dynamo-planner.ts";
import { capabilitiesOf } from "../planner/dynamo/engine-capabilities.ts";
import type { IntervalTraffic } from "../planner/dynamo/load-forecast.ts";
import type { PlannerCapabilities } from "../planner/dynamo/planner-config.ts";
import type { PassTimeModel } from "../planner/dynamo/pass-time-regression.ts";
import type { Planner } from "../planner/planner.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import { contradictionsWithEngines } from "./planner-config.ts";
import type { PlannerSettings } from "./planner-config.ts";
import type { ProblemList } from "./config-error.ts";
import { shown } from "./config-error.ts";
import { place } from "./validate.ts";

/** A planner ready to run. */
export interface ResolvedPlanner {
  readonly planner: Planner;
  /** Worth telling: settings without effect, contradictions. */
  readonly warnings: readonly string[];
}

/** What a planner is made with beside its settings. */
export interface PlannerSurroundings {
  readonly topology: RunConfig["topology"];
  /** Traffic of the warm-up trace, an entry a throughput interval; empty without one. */
  readonly warmUp: readonly IntervalTraffic[];
  /** Pass times to start from in place of learned ones (`aic_perf_model`); absent = none. */
  readonly passTimes?: { readonly prefill?: PassTimeModel; readonly decode?: PassTimeModel } | undefined;
  /** Points a sweep of the engines' modelled pass times has (`--benchmark-granularity`). */
  readonly benchmarkGranularity: number;
}

/**
 * Makes the Dynamo planner for a topology. With modelled GPU times (not the polynomial) it learns a sweep of them
 * before its first tick, as the reference does.
 * @param where flag the settings came from
 * @returns null when the settings do not fit the topology; the mistakes are in `problems`
 */
export function resolvePlanner(
  settings: PlannerSettings,
  { topology, warmUp, benchmarkGranularity, passTimes }: PlannerSurroundings,
  where: string,
  problems: ProblemList,
): ResolvedPlanner | null {
  const { dynamo } = settings;
  if (dynamo.mode !== topology.mode) {
    problems.add(
      place(where, ["mode"]),
      `found ${shown(dynamo.mode)}, expected "${topology.mode}": ${
        topology.mode === "agg"
          ? "the engines are those of --extra-engine-args; --prefill-engine-args and --decode-engine-args make a disaggregated run"
          : "--prefill-engine-args and --decode-engine-args make a disaggregated run"
      }`,
    );
    return null;
  }
  const capabilities: PlannerCapabilities =
    topology.mode === "agg"
      ? { prefill: null, decode: capabilitiesOf(topology.engine) }
      : { prefill: capabilitiesOf(topology.prefillEngine), decode: capabilitiesOf(topology.decodeEngine) };
  const contradictions = contradictionsWithEngines(settings, capabilities);
  const sweeps = dynamo.optimizationTarget === "sla" ? sweepsOf(dynamo.bootstrap, topology, benchmarkGranularity) : {};
  const planner = new DynamoPlanner({
    config: dynamo,
    capabilities,
    warmUp,
    ...sweeps,
    ...(passTimes === undefined ? {} : { passTimes }),
  });
  return { planner, warnings: [...settings.notes, ...contradictions] };
}

/** What the planner is to know of pass times before its first tick. */
function sweepsOf(
  kind: PlannerSettings["dynamo"]["bootstrap"],
  topology: RunConfig["topology"],
  granularity: number,
): Pick<DynamoPlannerInputs, "bootstrap" | "physical"> {
  if (kind === "reference") {
    const bootstrap = bootstrapPasses(topology, granularity);
    return bootstrap === undefined ? {} : { bootstrap };
  }
  if (topology.mode === "agg") return { physical: { decode: physicalBootstrap(topology.engine, "agg", granularity) } };
  return {
    physical: {
      prefill: physicalBootstrap(topology.prefillEngine, "prefill", granularity),
      decode: physicalBootstrap(topology.decodeEngine, "decode", granularity),
    },
  };
}
