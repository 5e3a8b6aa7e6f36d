import { definePoolPolicy } from "../pool-policy.ts";
import { PercentScaler } from "./percent-scaler.ts";
import { TokenScaler } from "./token-scaler.ts";
import { wvaKnobs } from "./wva-knobs.ts";

/**
 * llm-d's Workload Variant Autoscaler, saturation analysis of one variant: every 30 s, by the peaks of vLLM's cache-use and
 * waiting gauges over the last minute. In percent it is what the autoscaler does without `analyzers` in its ConfigMap; the
 * ConfigMap of version 0.9 has the one by tokens. Thresholds are those of its ConfigMaps. Its loop is fixed at 30 s; the
 * `GLOBAL_OPT_INTERVAL` of its documentation (60 s) is read and not used. The external autoscaler that carries its number out
 * is taken to follow at once.
 */
export const wvaPolicy = definePoolPolicy({
  title: "llm-d Workload Variant Autoscaler (saturation analysis)",
  shape: wvaKnobs,
  defaults: {
    analyzer_name: null,
    kv_cache_threshold: 0.8,
    queue_length_threshold: 5,
    kv_spare_trigger: 0.1,
    queue_spare_trigger: 3,
    scale_up_threshold: 0.85,
    scale_down_boundary: 0.7,
    optimization_interval_seconds: 30,
    scrape_interval_seconds: 15,
    look_back_seconds: 60,
  },
  tunable: {
    kv_cache_threshold: [0.8, 0.6, 0.4, 0.3, 0.2, 0.15],
    kv_spare_trigger: [0.05, 0.1, 0.15, 0.2],
    queue_length_threshold: [5, 3, 2],
    queue_spare_trigger: [1, 2, 3, 4],
  },
  check: (knobs, _pool, _context, report) => {
    const { optimization_interval_seconds: interval, scrape_interval_seconds: scrape } = knobs;
    if (interval % scrape !== 0) {
      report(
        "scrape_interval_seconds",
        `found ${scrape}, expected a divisor of optimization_interval_seconds (${interval})`,
      );
    }
    if (knobs.scale_down_boundary >= knobs.scale_up_threshold) {
      report(
        "scale_down_boundary",
        `found ${knobs.scale_down_boundary}, expected less than scale_up_threshold (${knobs.scale_up_threshold})`,
      );
    }
  },
  intervalSeconds: (knobs) => knobs.scrape_interval_seconds,
  createScaler: (knobs, pool) =>
    knobs.analyzer_name === null ? new PercentScaler(knobs) : new TokenScaler(knobs, pool),
});
