import type { LoadReason } from "./load-decision.ts";
import type { DynamoPlannerConfig } from "./planner-config.ts";
import type { TickFacts } from "./tick-record.ts";

/** What decided a tick, in plain words with the figures behind it; for scaling events and the report. */
export function explainTick(facts: Omit<TickFacts, "explanation">, config: DynamoPlannerConfig): string {
  const sentences: string[] = [];
  const { load, throughput } = facts;
  if (load !== null && load.reason !== "disabled") sentences.push(explainLoad(facts, config));
  if (throughput !== null) sentences.push(explainThroughput(facts, config));
  return sentences.join(" ");
}

function explainLoad(facts: Omit<TickFacts, "explanation">, config: DynamoPlannerConfig): string {
  const { load } = facts;
  if (load === null) return "";
  const perPool = load.prefillReason !== null && load.decodeReason !== null && load.prefillReason !== load.decodeReason;
  const words = perPool
    ? `prefill: ${LOAD_WORDS[load.prefillReason]}; decode: ${LOAD_WORDS[load.decodeReason]}`
    : LOAD_WORDS[load.reason];
  return `Load: ${words}${estimates(facts, config)}.`;
}

const LOAD_WORDS: Readonly<Record<LoadReason, string>> = {
  disabled: "load scaling is off",
  no_fpm_data: "no engine has reported a pass yet",
  scaling_in_progress: "waiting for the last change to arrive",
  worker_count_mismatch: "a ready worker has not reported yet",
  insufficient_data: "too few usable passes seen to estimate latencies",
  no_change: "neither over nor far enough under the limit",
  scale_up: "one more replica, or up to the floor the forecast set",
  scale_down: "one replica less",
  scale_down_capped_by_throughput: "one replica could go, but a floor (forecast, least replicas or GPUs) keeps it",
  scale_down_refused_consolidation: "one replica less would put the others too near the limit",
};

function estimates({ load }: Omit<TickFacts, "explanation">, config: DynamoPlannerConfig): string {
  const parts: string[] = [];
  if (typeof load?.estimatedTtftMs === "number") {
    parts.push(`TTFT at worst ${shown(load.estimatedTtftMs)} ms of ${shown(config.ttftMs)} ms`);
  }
  if (typeof load?.estimatedItlMs === "number") {
    parts.push(`ITL at worst ${shown(load.estimatedItlMs)} ms of ${shown(config.itlMs)} ms`);
  }
  return parts.length === 0 ? "" : ` (estimated ${parts.join(", ")})`;
}

function explainThroughput(facts: Omit<TickFacts, "explanation">, config: DynamoPlannerConfig): string {
  const { throughput } = facts;
  if (throughput === null) return "";
  const { forecast, engineRps, floors, targets, reason } = throughput;
  const interval = config.throughputAdjustmentIntervalSeconds;
  const expected =
    forecast === null
      ? ""
      : ` for ${shown(forecast.requests / interval)} requests/s of ${shown(forecast.inputTokens)} prompt and ${shown(forecast.outputTokens)} output tokens`;
  const capacity = engineRps.decode === null ? "" : ` at ${shown(engineRps.decode)} requests/s an engine`;
  const replicas = (floors ?? targets)?.decode;
  switch (reason) {
    case "no_traffic_data":
      return "Throughput: no traffic seen yet.";
    case "model_not_ready":
    case "partner_not_ready":
      return `Throughput: pass times are not known well enough to size pools${expected}.`;
    case "set_lower_bound":
      return `Throughput: at least ${replicas ?? "?"} replicas${expected}${capacity}.`;
    case "scale":
      return `Throughput: ${replicas ?? "?"} replicas${expected}${capacity}.`;
  }
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
