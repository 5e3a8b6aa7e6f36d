import { choice, orNull, realNumber, wholeNumber } from "../../config/fields.ts";
import type { PoolKnobs } from "../pool-policy.ts";

const share = (description: string) => realNumber({ min: 0, max: 1 }, description);

/** Knobs of the Workload Variant Autoscaler, names as in its ConfigMap. */
export const wvaKnobs = {
  analyzer_name: orNull(choice(["saturation"], "null = the analysis in percent, saturation = the one by tokens.")),
  kv_cache_threshold: share("A replica is saturated when this share of its key-value cache is in use."),
  queue_length_threshold: realNumber({ min: 1 }, "A replica is saturated with so many requests waiting."),
  kv_spare_trigger: share("One more replica when the mean spare cache of those not saturated is below it."),
  queue_spare_trigger: realNumber({ min: 0 }, "One more replica when their mean spare queue is below it."),
  scale_up_threshold: realNumber(
    { above: 0, max: 1 },
    "By tokens: more replicas until demand is at most this share of what they can take.",
  ),
  scale_down_boundary: realNumber(
    { above: 0, max: 1 },
    "By tokens: fewer as long as demand stays at most this share of what those left can take.",
  ),
  optimization_interval_seconds: wholeNumber({ min: 1 }, "Seconds between decisions."),
  scrape_interval_seconds: wholeNumber({ min: 1 }, "Seconds between readings of the replicas' gauges."),
  look_back_seconds: wholeNumber({ min: 1 }, "Window whose peaks count."),
};

/** The same, as they hold for a pool. */
export type WvaKnobs = PoolKnobs<typeof wvaKnobs>;
