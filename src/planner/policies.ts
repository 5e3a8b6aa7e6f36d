import type { PolicyDefinition } from "./policy-definition.ts";

/**
 * The built-in policies by name; `--policy NAME` or `policy: NAME` in the planner configuration picks one. Each is one
 * folder here; its code is loaded only when it is asked for. "dynamo" is the planner of the configuration itself and
 * stands outside this table.
 */
export const policyLoaders: Readonly<Record<string, () => Promise<PolicyDefinition>>> = {
  "dynamo-fixed": async () => (await import("./dynamo-fixed/dynamo-fixed-policy.ts")).dynamoFixedPolicy,
  static: async () => (await import("./static/static-policy.ts")).staticPolicy,
  schedule: async () => (await import("./schedule/schedule-policy.ts")).schedulePolicy,
  hpa: async () => (await import("./hpa/hpa-policy.ts")).hpaPolicy,
  keda: async () => (await import("./keda/keda-policy.ts")).kedaPolicy,
  kpa: async () => (await import("./kpa/kpa-policy.ts")).kpaPolicy,
  "ray-serve": async () => (await import("./ray-serve/ray-serve-policy.ts")).rayServePolicy,
  "llm-d-wva": async () => (await import("./llm-d-wva/wva-policy.ts")).wvaPolicy,
  oracle: async () => (await import("./oracle/oracle-policy.ts")).oraclePolicy,
  slo: async () => (await import("./slo/slo-policy.ts")).sloPolicy,
};

/** The planner whose settings are the planner configuration's own. */
export const defaultPolicy = "dynamo";

/** Every name `--policy` knows. */
export const policyNames: readonly string[] = [defaultPolicy, ...Object.keys(policyLoaders)];

/** Whether a `--policy` value names a module rather than a built-in policy: it has a slash, or a script's ending. */
export function isModulePath(policy: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(policy);
}
