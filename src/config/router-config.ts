import { kvRouterDefaults, type KvRouterSettings } from "../router/kv-router-settings.ts";
import { singleClassProfile } from "../router/policy-profile.ts";
import type { QueuePolicy } from "../router/request-queue.ts";
import { shown, type ProblemList } from "./config-error.ts";
import { routerConfigSchema, routerKeysWithoutEffect, type GivenRouterConfig } from "./router-schema.ts";
import { validate } from "./validate.ts";

/** A checked router configuration. */
export interface ResolvedRouter {
  readonly settings: KvRouterSettings;
  /** Keys that were set and do nothing in a replay. */
  readonly warnings: readonly string[];
}

/**
 * Checks a router configuration and fills in the defaults. All mistakes go to `problems`.
 * @param given the parsed document behind the flag, null = none
 * @param where the flag
 * @param queuePolicy `router_queue_policy` of the engine arguments, which overrides the configuration's
 * @returns null when there were mistakes
 */
export function validateRouterConfig(
  given: unknown,
  where: string,
  queuePolicy: QueuePolicy | null,
  problems: ProblemList,
): ResolvedRouter | null {
  const document = given ?? {};
  if (typeof document !== "object" || Array.isArray(document)) {
    problems.add(where, `found ${shown(document)}, expected an object of router settings`);
    return null;
  }
  const config = validate(routerConfigSchema, document, where, problems);
  if (config === null) return null;
  return { settings: settingsOf(config, queuePolicy), warnings: warningsOf(config, where) };
}

function settingsOf(config: GivenRouterConfig, queuePolicy: QueuePolicy | null): KvRouterSettings {
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
    policy: singleClassProfile(
      config.router_queue_threshold ?? null,
      queuePolicy ?? config.router_queue_policy ?? "fcfs",
    ),
  };
}

function warningsOf(config: GivenRouterConfig, where: string): string[] {
  const warnings: string[] = [];
  if (config.overlap_score_weight != null) {
    warnings.push(`${where}: overlap_score_weight is the older name of prefill_load_scale`);
  }
  for (const key of Object.keys(config) as (keyof GivenRouterConfig)[]) {
    if (!(key in routerKeysWithoutEffect)) continue;
    if (config[key] !== routerKeysWithoutEffect[key]) warnings.push(`${where}: ${key} has no effect in a replay`);
  }
  return warnings;
}
