import type { ReplayOptions } from "../config/replay-options.ts";
import type { SweepPoint } from "../sweep/sweep-plan.ts";
import { staticFleet, staticName } from "./fixed-fleet.ts";
import { isDisaggregated } from "./study-plan.ts";
import type { StudyPlan } from "./study-plan.ts";

/**
 * The runs of a study in their fixed order. Fixed fleets are run once a trace and seed: without scaling, the start-up
 * time changes nothing (their `startup_seconds` is null).
 */
export function studyPoints(plan: StudyPlan): SweepPoint[] {
  const points: SweepPoint[] = [];
  const add = (values: SweepPoint["values"]): void => {
    points.push({ index: points.length, values, repeat: 0 });
  };
  for (const { name: trace } of plan.traces) {
    for (const seed of plan.seeds) {
      for (const fleet of plan.staticFleets) {
        add({ trace, policy: staticName(fleet), startup_seconds: null, seed });
      }
      for (const startup of plan.startupTimes ?? [ownStartupTime(plan.replay)]) {
        for (const { name } of plan.policies) add({ trace, policy: name, startup_seconds: startup, seed });
      }
    }
  }
  return points;
}

/** The options of a run of a study. */
export function studyOptions(plan: StudyPlan, { values }: SweepPoint): ReplayOptions {
  const { ttftMs, itlMs } = plan;
  const workload = plan.traces.find(({ name }) => name === values["trace"])!;
  const { plannerConfig: common, ...replay } = plan.replay;
  const options: ReplayOptions = {
    ...replay,
    ...engines(replay, values["startup_seconds"] as number | null),
    trace: workload.trace,
    seed: values["seed"] as number,
    slaTtftMs: ttftMs,
    slaItlMs: itlMs,
  };
  const listed = plan.policies.find(({ name }) => name === values["policy"]);
  if (listed === undefined) return { ...withoutWorkers(options), ...staticFleet(String(values["policy"])) };
  const { policy, policyConfig, plannerConfig } = listed;
  return {
    ...options,
    ...workload.start,
    plannerConfig: { ttft_ms: ttftMs, itl_ms: itlMs, ...(common as object | undefined), ...plannerConfig },
    policy,
    ...(policyConfig === null ? {} : { policyConfig }),
  };
}

const workerCounts: ReadonlySet<string> = new Set(["numWorkers", "numPrefillWorkers", "numDecodeWorkers"]);

function withoutWorkers(options: ReplayOptions): ReplayOptions {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !workerCounts.has(key)));
}

const engineDocuments = ["extraEngineArgs", "prefillEngineArgs", "decodeEngineArgs"] as const;

function engineDocumentsOf(replay: ReplayOptions) {
  return isDisaggregated(replay) ? engineDocuments.slice(1) : engineDocuments.slice(0, 1);
}

interface EngineArgs {
  readonly startup_time?: unknown;
}

/** Engine arguments with the start-up time in them. */
function engines(replay: ReplayOptions, startup: number | null): Partial<ReplayOptions> {
  return Object.fromEntries(
    engineDocumentsOf(replay).map((key) => {
      const args = (replay[key] ?? {}) as EngineArgs;
      const isMeant = startup === null || startup === (args.startup_time ?? 0);
      return [key, isMeant ? args : { ...args, startup_time: startup }];
    }),
  );
}

/** The start-up time of a plan that names none: the longest of the engine arguments, s. */
export function ownStartupTime(replay: ReplayOptions): number {
  const times = engineDocumentsOf(replay).map((key) => (replay[key] as EngineArgs | undefined)?.startup_time);
  return Math.max(0, ...times.filter((time) => typeof time === "number"));
}
