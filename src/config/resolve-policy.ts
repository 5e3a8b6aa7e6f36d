import type { BuiltInContext } from "../planner/policy-definition.ts";
import type { Planner } from "../planner/planner.ts";
import type { ConfigValue } from "../result/schema.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import { shown } from "./config-error.ts";
import type { ProblemList } from "./config-error.ts";
import { contradictingBudgets } from "./planner-config.ts";
import type { PlannerSettings } from "./planner-config.ts";
import type { PolicyChoice } from "./policy-choice.ts";
import { policyPools, replicaLimits } from "./policy-context.ts";

type BuiltIn = Extract<PolicyChoice, { kind: "built-in" }>;

/** A built-in policy ready to run. */
export interface ResolvedPolicy {
  readonly planner: Planner;
  /** Its knobs by `policy_config.key`, defaults included. */
  readonly values: Readonly<Record<string, ConfigValue>>;
  readonly warnings: readonly string[];
}

/** Keys of the planner configuration that every policy reads. */
const sharedKeys = new Set([
  "mode",
  "ttft_ms",
  "ttft",
  "itl_ms",
  "itl",
  "min_endpoint",
  "max_gpu_budget",
  "min_gpu_budget",
  "report_interval_hours",
  "report_output_dir",
  "report_filename",
  "report_write_gzip_log",
  "policy",
  "policy_config",
]);

/**
 * Makes a built-in policy for the pools it is to scale.
 * @param document planner configuration as given
 * @returns null when it does not fit the run; why is in `problems`
 */
export function resolvePolicy(
  { name, definition, knobs }: BuiltIn,
  settings: PlannerSettings,
  document: Readonly<Record<string, unknown>>,
  { topology, seed }: { readonly topology: RunConfig["topology"]; readonly seed: number },
  problems: ProblemList,
): ResolvedPolicy | null {
  const before = problems.problems.length;
  const { mode } = document;
  if (typeof mode === "string" && mode !== topology.mode) {
    problems.add(
      "--planner-config mode",
      `found ${shown(mode)}, but the engine arguments make a run of mode "${topology.mode}"`,
    );
  }
  const context: BuiltInContext = {
    pools: policyPools(topology),
    limits: replicaLimits(settings),
    sla: slaBounds(settings, document, definition.usesSla),
    seed,
    dynamo: settings.dynamo,
  };
  definition.check(knobs.given, context, (key, message) => problems.add(knobs.place(key), message));
  if (problems.problems.length > before) return null;
  const unread = definition.usesDynamoSettings ? [] : Object.keys(document).filter((key) => !sharedKeys.has(key));
  return {
    planner: definition.create(knobs.given, context),
    values: knobValues(definition.defaults, knobs.given),
    warnings: [
      ...contradictingBudgets(settings),
      ...(unread.length === 0 ? [] : [`without effect on policy "${name}": ${unread.join(", ")}`]),
    ],
  };
}

/** Bounds a policy is told: those given, and for one that works towards them also their defaults. */
export function slaBounds(
  { dynamo }: PlannerSettings,
  document: Readonly<Record<string, unknown>>,
  withDefaults: boolean,
): { readonly ttftMs: number | null; readonly itlMs: number | null } {
  const given = (...keys: string[]): boolean => withDefaults || keys.some((key) => document[key] !== undefined);
  return {
    ttftMs: given("ttft_ms", "ttft") ? dynamo.ttftMs : null,
    itlMs: given("itl_ms", "itl") ? dynamo.itlMs : null,
  };
}

function knobValues(
  defaults: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, ConfigValue> {
  const values: Record<string, ConfigValue> = {};
  for (const [key, value] of Object.entries({ ...defaults, ...given })) {
    values[`policy_config.${key}`] = {
      value: value as ConfigValue["value"],
      from: key in given ? "given" : "default",
    };
  }
  return values;
}
