import * as z from "zod/mini";
import { choice, orNull, realNumber, text, truth, wholeNumber } from "./fields.ts";

/**
 * The router configuration as the reference's replay takes it (KvRouterConfig of ai-dynamo 1.4.2; engine-reference §6).
 * Nothing is filled in here: see router-config.ts.
 */

const weight = (description: string) => realNumber({ min: 0 }, description);
const share = (description: string) => realNumber({ min: 0, max: 1 }, description);
const live = "Live routers only.";

const shape = {
  overlap_score_credit: weight("Blocks of prefill a cached block saves; 0 = caches are ignored."),
  overlap_score_credit_decay: weight("How fast the credit fades on targets with more prefill queued than the least."),
  prefill_load_scale: weight("Factor on the prefill part of a target's cost."),
  decode_active_request_weight: weight("Blocks added to a target's cost per active request."),
  overlap_score_weight: orNull(weight("Older name: sets prefill_load_scale; 0 also sets overlap_score_credit to 0.")),
  host_cache_hit_weight: share("Credit of a block in host memory."),
  disk_cache_hit_weight: share("Credit of a block on disk."),
  router_temperature: weight("0 = always the cheapest target; more = targets are drawn, cheap ones preferred."),
  use_kv_events: truth("Overlap follows the engines' caches."),
  durable_kv_events: truth(live),
  router_replica_sync: truth(live),
  router_track_active_blocks: truth("Blocks of active requests are part of the cost."),
  router_track_output_blocks: truth("Generated blocks are part of the cost."),
  router_assume_kv_reuse: truth("Equal prompt blocks of active requests count once."),
  router_track_prefill_tokens: truth("Prompt tokens still to be computed are part of the cost."),
  router_tracking_hash: choice(["public-xxh3-v1", "keyed-xxh3-v1"], live),
  router_tracking_key_file: orNull(text(live)),
  router_tracking_key_id: orNull(text(live)),
  router_prefill_load_model: choice(["none", "aic"], "aic: a prompt's load fades over its predicted prefill time."),
  router_snapshot_threshold: orNull(wholeNumber({ min: 0 }, live)),
  router_reset_states: truth(live),
  router_ttl_secs: realNumber({ min: 0 }, "How long a routed prompt counts as cached without events."),
  router_queue_threshold: orNull(
    weight("Requests wait while every target has more prefill tokens than this share of a pass's; null = never."),
  ),
  router_policy_config: orNull(text("YAML of queue policy classes.")),
  router_event_threads: wholeNumber({ min: 1 }, live),
  skip_initial_worker_wait: truth(live),
  router_queue_policy: choice(["fcfs", "lcfs", "wspt"], "Order of the requests that wait."),
  use_remote_indexer: truth(live),
  serve_indexer: truth(live),
  shared_cache_multiplier: share("Credit of a block in a shared cache."),
  shared_cache_type: choice(["none", "hicache"], "A cache all workers share."),
  router_predicted_ttl_secs: orNull(weight(live)),
  conditional_disagg_enabled: truth("Short prompts skip the prefill pool."),
  conditional_disagg_policy: choice(
    ["isl_bounding", "prefill_load", "isl_or_load"],
    "When a prompt skips the prefill pool: little left to compute, prefill workers busy, or either.",
  ),
  conditional_disagg_eff_isl_threshold: wholeNumber({ min: 0 }, "Uncached prompt tokens below which it may."),
  conditional_disagg_eff_isl_ratio_threshold: share("Share of uncached tokens below which it may."),
  conditional_disagg_prefill_busy_threshold: orNull(weight("Load of the prefill pool.")),
  conditional_disagg_decode_busy_threshold: orNull(weight("Load of the decode pool.")),
} as const;

const optional = Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, z.optional(schema)])) as {
  [Key in keyof typeof shape]: z.ZodMiniOptional<(typeof shape)[Key]>;
};

/** Everything a router configuration may say. */
export const routerConfigSchema = z.strictObject(optional);

/** A router configuration that has passed the schema; nothing is filled in. */
export type GivenRouterConfig = z.infer<typeof routerConfigSchema>;

/** Keys that are accepted and, when set to something else than their default, do nothing here: warned about. */
export const routerKeysWithoutEffect: Readonly<Partial<Record<keyof GivenRouterConfig, unknown>>> = {
  host_cache_hit_weight: 0.75,
  disk_cache_hit_weight: 0.25,
  durable_kv_events: false,
  router_replica_sync: false,
  router_track_output_blocks: false,
  router_tracking_hash: "public-xxh3-v1",
  router_tracking_key_file: null,
  router_tracking_key_id: null,
  router_snapshot_threshold: undefined,
  router_reset_states: false,
  router_event_threads: undefined,
  skip_initial_worker_wait: undefined,
  use_remote_indexer: false,
  serve_indexer: false,
  shared_cache_multiplier: 0,
  shared_cache_type: "none",
  router_predicted_ttl_secs: null,
};

/** What conditional disaggregation depends on. */
export const conditionalKeys: Readonly<Partial<Record<keyof GivenRouterConfig, unknown>>> = {
  conditional_disagg_policy: undefined,
  conditional_disagg_eff_isl_threshold: undefined,
  conditional_disagg_eff_isl_ratio_threshold: undefined,
  conditional_disagg_prefill_busy_threshold: null,
  conditional_disagg_decode_busy_threshold: null,
};

/** Keys that act under the newest rules only. */
export const routerKeysOfCurrentRules: Readonly<Partial<Record<keyof GivenRouterConfig, unknown>>> = {
  use_kv_events: true,
  router_ttl_secs: undefined,
  conditional_disagg_enabled: false,
  ...conditionalKeys,
};
