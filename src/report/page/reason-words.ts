/** Reasons of the Dynamo planner in words; others are shown as they are. */
const words: Readonly<Record<string, string>> = {
  scale_up: "scale up",
  scale_down: "scale down",
  scale: "set by forecast",
  set_lower_bound: "floor set by forecast",
  scale_down_capped_by_throughput: "scale-down stopped by a floor",
  scale_down_refused_consolidation: "scale-down refused: others would be too full",
  no_change: "no change",
  disabled: "off",
  scaling_in_progress: "waiting for the last change",
  worker_count_mismatch: "a ready worker has not reported",
  insufficient_data: "too little data to estimate",
  no_fpm_data: "no engine has reported",
  no_traffic_data: "no traffic seen",
  predict_failed: "forecast failed",
  model_not_ready: "pass times not known well enough",
  partner_not_ready: "other pool not ready",
};

/** A reason in words. */
export function reasonWords(reason: string): string {
  return words[reason] ?? reason.replaceAll("_", " ");
}
