import type { ProblemList } from "./config-error.ts";
import { shown } from "./config-error.ts";
import type { GivenPlannerConfig } from "./planner-schema.ts";
import { place } from "./validate.ts";

const aliases = [
  ["throughput_adjustment_interval_seconds", "throughput_adjustment_interval"],
  ["load_adjustment_interval_seconds", "load_adjustment_interval"],
  ["ttft_ms", "ttft"],
  ["itl_ms", "itl"],
] as const;

/** Reports settings given under both of their names, sound or not. */
export function checkPlannerAliases(value: unknown, where: string, problems: ProblemList): void {
  const given = (value ?? {}) as Readonly<Record<string, unknown>>;
  for (const [name, older] of aliases) {
    if (given[name] === undefined || given[older] === undefined) continue;
    problems.add(
      place(where, [older]),
      `found ${shown(given[older])} beside ${name} ${shown(given[name])}; they are two names of one setting, expected only one`,
    );
  }
}

/** Checks the rules between fields (planner-reference §1); every broken one is added. */
export function checkPlannerRules(given: GivenPlannerConfig, where: string, problems: ProblemList): void {
  const report = (key: string, message: string): void => problems.add(place(where, key.split(".")), message);
  const mode = given.mode ?? "disagg";
  if (mode === "prefill" || mode === "decode") {
    report("mode", `found "${mode}", expected "agg" or "disagg": a replay needs both halves of the work`);
  }
  checkLoops(given, report);
  checkThresholds(given, report);
  checkSamples(given, report);
  if (given.environment === "global-planner" && !given.global_planner_namespace) {
    report("global_planner_namespace", 'found nothing, expected text: environment "global-planner" needs it');
  }
  if (given.aic_perf_model) {
    const picks = mode === "agg" ? (["decode_pick"] as const) : (["prefill_pick", "decode_pick"] as const);
    for (const pick of picks) {
      if (!given.aic_perf_model[pick])
        report(`aic_perf_model.${pick}`, `found nothing, expected an object: mode "${mode}" needs it`);
    }
  }
}

type Report = (key: string, message: string) => void;

function checkLoops(given: GivenPlannerConfig, report: Report): void {
  const sla = given.optimization_target === "sla";
  const throughput = sla && (given.enable_throughput_scaling ?? true);
  const load = !sla || (given.enable_load_scaling ?? false);
  if (!throughput && !load) {
    report(
      "enable_load_scaling",
      "found false beside enable_throughput_scaling false, expected at least one of them true",
    );
  }
  const { throughputKey, throughputSeconds, loadKey, loadSeconds } = intervals(given);
  if (throughput && throughputSeconds <= 0) {
    report(
      throughputKey,
      `found ${throughputSeconds}, expected a whole number of at least 1 with throughput scaling on`,
    );
  } else if (throughput && load && loadSeconds >= throughputSeconds) {
    report(
      loadKey,
      `found ${loadSeconds}, expected less than ${throughputKey}, which is ${throughputSeconds}: load scaling is the faster loop`,
    );
  }
  checkProphet(given, throughput, throughputSeconds, report);
  const base = given.scheduling?.scale_interval_seconds;
  if (base === undefined) return;
  const inUse = [[loadKey, loadSeconds], ...(throughput ? [[throughputKey, throughputSeconds] as const] : [])] as const;
  for (const [key, seconds] of inUse) {
    const ratio = seconds / base;
    if (Math.abs(ratio - Math.round(ratio)) > 1e-9 * Math.max(1, ratio)) {
      report("scheduling.scale_interval_seconds", `found ${base}, expected a divisor of ${key}, which is ${seconds}`);
    }
  }
}

const TWO_DAYS_SECONDS = 172_800;

/** From two days on Prophet looks for a daily season, which is not forecast here. */
function checkProphet(given: GivenPlannerConfig, throughput: boolean, intervalSeconds: number, report: Report): void {
  if (!throughput || given.load_predictor !== "prophet") return;
  const window = given.prophet_window_size ?? 50;
  const most = Math.ceil(TWO_DAYS_SECONDS / Math.max(1, intervalSeconds));
  if ((window - 1) * intervalSeconds < TWO_DAYS_SECONDS) return;
  report(
    "prophet_window_size",
    `found ${window}, expected at most ${most} with intervals of ${intervalSeconds} s: from two days on Prophet looks for a daily season, which is not forecast here`,
  );
}

function intervals(given: GivenPlannerConfig) {
  return {
    throughputKey:
      given.throughput_adjustment_interval_seconds === undefined && given.throughput_adjustment_interval !== undefined
        ? "throughput_adjustment_interval"
        : "throughput_adjustment_interval_seconds",
    throughputSeconds: given.throughput_adjustment_interval_seconds ?? given.throughput_adjustment_interval ?? 180,
    loadKey:
      given.load_adjustment_interval_seconds === undefined && given.load_adjustment_interval !== undefined
        ? "load_adjustment_interval"
        : "load_adjustment_interval_seconds",
    loadSeconds: given.load_adjustment_interval_seconds ?? given.load_adjustment_interval ?? 5,
  };
}

/** Seconds between ticks: as given, or the greatest common divisor of the intervals in use. */
export function scaleInterval(given: GivenPlannerConfig): number {
  const { throughputSeconds, loadSeconds } = intervals(given);
  const throughput = given.optimization_target === "sla" && (given.enable_throughput_scaling ?? true);
  return (
    given.scheduling?.scale_interval_seconds ??
    (throughput ? commonDivisor(loadSeconds, throughputSeconds) : loadSeconds)
  );
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

function checkThresholds(given: GivenPlannerConfig, report: Report): void {
  if (given.optimization_target !== "load") return;
  const pairs = [
    ["decode_scale_up_kv_rate", "decode_scale_down_kv_rate"],
    ...((given.mode ?? "disagg") === "agg"
      ? []
      : [["prefill_scale_up_queue_tokens", "prefill_scale_down_queue_tokens"] as const]),
  ] as const;
  for (const [up, down] of pairs) {
    for (const key of [up, down]) {
      if ((given[key] ?? null) === null)
        report(key, 'found nothing, expected a number: optimization_target "load" needs it');
    }
    const [high, low] = [given[up] ?? null, given[down] ?? null];
    if (high !== null && low !== null && high <= low) {
      report(up, `found ${high}, expected more than ${down}, which is ${low}`);
    }
  }
}

function checkSamples(given: GivenPlannerConfig, report: Report): void {
  const {
    fpm_sample_bucket_size: bins = 16,
    load_min_observations: needed = 5,
    max_num_fpm_samples: kept = 64,
  } = given;
  const root = Math.round(Math.sqrt(bins));
  if (root * root !== bins) {
    report("fpm_sample_bucket_size", `found ${bins}, expected a perfect square, such as ${Math.max(1, root) ** 2}`);
  }
  if (needed > kept) {
    report("load_min_observations", `found ${needed}, expected at most max_num_fpm_samples, which is ${kept}`);
  }
}
