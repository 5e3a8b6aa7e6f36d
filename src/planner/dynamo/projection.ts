import { clampPairToBudget, clampToBudget } from "./gpu-budget.ts";
import { budgetOf } from "./load-scaling.ts";
import type { DynamoPlannerConfig, PlannerCapabilities } from "./planner-config.ts";
import type { ReplicaTargets } from "./replica-targets.ts";

/**
 * The last step of a tick: a proposal equal to what is ready is dropped, any other one is put into the limits once more
 * and dropped if it then equals what is ready (planner-reference §2). A pool without a proposal counts toward the budget
 * but is not changed.
 * @param ready workers ready now; prefill null in aggregated mode
 */
export function projectTargets(
  proposal: ReplicaTargets | null,
  ready: ReplicaTargets,
  config: DynamoPlannerConfig,
  capabilities: PlannerCapabilities,
): ReplicaTargets | null {
  if (proposal === null || isUnchanged(proposal, ready)) return null;
  const bounded = withinLimits(proposal, ready, config, capabilities);
  return isUnchanged(bounded, ready) ? null : bounded;
}

function isUnchanged(targets: ReplicaTargets, ready: ReplicaTargets): boolean {
  return (
    (targets.prefill === null || targets.prefill === ready.prefill) &&
    (targets.decode === null || targets.decode === ready.decode)
  );
}

function withinLimits(
  proposal: ReplicaTargets,
  ready: ReplicaTargets,
  config: DynamoPlannerConfig,
  { prefill: prefillEngine, decode: decodeEngine }: PlannerCapabilities,
): ReplicaTargets {
  const { minEndpoint } = config;
  if (config.mode === "agg" || prefillEngine === null) {
    if (proposal.decode === null) return proposal;
    const replicas = Math.max(proposal.decode, minEndpoint);
    return { prefill: null, decode: clampToBudget(replicas, decodeEngine.gpusPerWorker, budgetOf(config)) };
  }
  const [prefill, decode] = clampPairToBudget(
    [
      Math.max(proposal.prefill ?? ready.prefill ?? 0, minEndpoint),
      Math.max(proposal.decode ?? ready.decode ?? 0, minEndpoint),
    ],
    [prefillEngine.gpusPerWorker, decodeEngine.gpusPerWorker],
    budgetOf(config),
  );
  return {
    prefill: proposal.prefill === null ? null : prefill,
    decode: proposal.decode === null ? null : decode,
  };
}
