import type { SemanticsName } from "../engine/semantics.ts";
import type { ConditionalDisaggregation } from "../router/conditional-disaggregation.ts";
import { kvRouterDefaults, type KvRouterSettings } from "../router/kv-router-settings.ts";
import { singleClassProfile, type PolicyProfile } from "../router/policy-profile.ts";
import type { QueuePolicy } from "../router/request-queue.ts";
import { shown, type ProblemList } from "./config-error.ts";
import {
  conditionalKeys,
  routerConfigSchema,
  routerKeysOfCurrentRules,
  routerKeysWithoutEffect,
  type GivenRouterConfig,
} from "./router-schema.ts";
import { validate } from "./validate.ts";

/** A checked router configuration. */
export interface ResolvedRouter {
  readonly settings: KvRouterSettings;
  /** Keys that were set and do nothing in a replay. */
  readonly warnings: readonly string[];
}

/** What stands beside the router configuration and has a say in it. */
export interface RouterSurroundings {
  /** `router_queue_policy` of the engine arguments, which overrides the configuration's. */
  readonly queuePolicy?: QueuePolicy | null;
  /** Queues of the policy document, which replace the configuration's. */
  readonly policy?: PolicyProfile | null;
  /** Whether the `--aic-*` flags describe an estimator of prefill times. */
  readonly hasEstimator?: boolean;
  /** Under "dynamo-1.4" what that version's replay ignores is ignored too. */
  readonly semantics: SemanticsName;
}

/**
 * Checks a router configuration and fills in the defaults. All mistakes go to `problems`.
 * @param given the parsed document behind the flag, null = none
 * @param where the flag
 * @returns null when there were mistakes
 */
export function validateRouterConfig(
  given: unknown,
  where: string,
  surroundings: RouterSurroundings,
  problems: ProblemList,
): ResolvedRouter | null {
  const document = given ?? {};
  if (typeof document !== "object" || Array.isArray(document)) {
    problems.add(where, `found ${shown(document)}, expected an object of router settings`);
    return null;
  }
  const config = validate(routerConfigSchema, document, where, problems);
  if (config === null) return null;
  const mistakes = contradictions(config, surroundings);
  for (const mistake of mistakes) problems.add(where, mistake);
  if (mistakes.length > 0) return null;
  return { settings: settingsOf(config, surroundings), warnings: warningsOf(config, where, surroundings) };
}

/** Settings that exclude each other, as in the reference. */
function contradictions(config: GivenRouterConfig, { hasEstimator }: RouterSurroundings): string[] {
  const mistakes: string[] = [];
  const estimates = (config.router_prefill_load_model ?? "none") === "aic";
  if (estimates && config.router_track_prefill_tokens === false) {
    mistakes.push('router_prefill_load_model "aic" needs router_track_prefill_tokens true');
  }
  if (estimates && hasEstimator !== true) {
    mistakes.push(
      'router_prefill_load_model "aic" needs --aic-backend, --aic-system and --aic-model-path to take prefill times from',
    );
  }
  if (!estimates && hasEstimator === true) {
    mistakes.push('--aic-… flags describe the estimator of router_prefill_load_model "aic", which is not set');
  }
  if (config.router_predicted_ttl_secs != null && config.use_kv_events === false) {
    mistakes.push("router_predicted_ttl_secs needs use_kv_events true");
  }
  if (config.router_track_output_blocks === true && config.router_track_active_blocks === false) {
    mistakes.push("router_track_output_blocks needs router_track_active_blocks true");
  }
  if (config.serve_indexer === true && config.overlap_score_credit === 0) {
    mistakes.push("serve_indexer needs an overlap_score_credit above 0");
  }
  if (config.use_remote_indexer === true && config.serve_indexer === true) {
    mistakes.push("use_remote_indexer and serve_indexer exclude each other");
  }
  return mistakes;
}

function settingsOf(
  config: GivenRouterConfig,
  { queuePolicy, policy, semantics }: RouterSurroundings,
): KvRouterSettings {
  const applied = semantics === "current";
  const defaults = kvRouterDefaults;
  const olderWeight = config.overlap_score_weight ?? null;
  return {
    overlapScoreCredit: olderWeight === 0 ? 0 : (config.overlap_score_credit ?? defaults.overlapScoreCredit),
    overlapScoreCreditDecay: config.overlap_score_credit_decay ?? defaults.overlapScoreCreditDecay,
    prefillLoadScale: olderWeight ?? config.prefill_load_scale ?? defaults.prefillLoadScale,
    decodeActiveRequestWeight: config.decode_active_request_weight ?? defaults.decodeActiveRequestWeight,
    temperature: config.router_temperature ?? defaults.temperature,
    trackActiveBlocks: config.router_track_active_blocks ?? defaults.trackActiveBlocks,
    trackPrefillTokens: config.router_track_prefill_tokens ?? defaults.trackPrefillTokens,
    assumeKvReuse: config.router_assume_kv_reuse ?? defaults.assumeKvReuse,
    approximateCacheNs: applied && config.use_kv_events === false ? (config.router_ttl_secs ?? 120) * 1e9 : null,
    conditionalDisaggregation: applied ? conditionalDisaggregationOf(config) : null,
    policy:
      policy ??
      singleClassProfile(config.router_queue_threshold ?? null, queuePolicy ?? config.router_queue_policy ?? "fcfs"),
  };
}

function conditionalDisaggregationOf(config: GivenRouterConfig): ConditionalDisaggregation | null {
  if (config.conditional_disagg_enabled !== true) return null;
  return {
    policy: config.conditional_disagg_policy ?? "isl_bounding",
    uncachedTokens: config.conditional_disagg_eff_isl_threshold ?? 2048,
    uncachedShare: config.conditional_disagg_eff_isl_ratio_threshold ?? 0.7,
    prefillBusyShare: config.conditional_disagg_prefill_busy_threshold ?? config.router_queue_threshold ?? null,
    decodeBusyShare: config.conditional_disagg_decode_busy_threshold ?? null,
  };
}

function warningsOf(config: GivenRouterConfig, where: string, { semantics }: RouterSurroundings): string[] {
  const warnings: string[] = [];
  if (config.overlap_score_weight != null) {
    warnings.push(`${where}: overlap_score_weight is the older name of prefill_load_scale`);
  }
  const idle = (keys: Readonly<Partial<Record<keyof GivenRouterConfig, unknown>>>, why: string) => {
    for (const [key, unset] of Object.entries(keys) as [keyof GivenRouterConfig, unknown][]) {
      if (config[key] !== undefined && config[key] !== unset) warnings.push(`${where}: ${key} has no effect ${why}`);
    }
  };
  idle(routerKeysWithoutEffect, "in a replay");
  if (semantics === "dynamo-1.4") {
    idle(routerKeysOfCurrentRules, "under --semantics dynamo-1.4, whose replay ignores it");
    return warnings;
  }
  if (config.use_kv_events !== false) idle({ router_ttl_secs: undefined }, "while use_kv_events is true");
  if (config.conditional_disagg_enabled !== true) idle(conditionalKeys, "without conditional_disagg_enabled");
  return warnings;
}
