import { describe, expect, it } from "vitest";
import { capabilities } from "../../test/planner-fixtures.ts";
import { ProblemList } from "./config-error.ts";
import { contradictingBudgets, contradictionsWithEngines, parsePlannerConfig } from "./planner-config.ts";

const flag = "--planner-config";

/** The settings of a sound configuration. */
function settings(value: unknown) {
  const problems = new ProblemList();
  const parsed = parsePlannerConfig(value, flag, problems);
  expect(problems.problems).toEqual([]);
  return parsed!;
}

/** The mistakes of a bad one, by place. */
function mistakes(value: unknown): Record<string, string> {
  const problems = new ProblemList();
  expect(parsePlannerConfig(value, flag, problems)).toBeNull();
  return Object.fromEntries(problems.problems.map(({ where, message }) => [where.slice(flag.length + 1), message]));
}

describe("planner configurations", () => {
  it("§8.1 default to a disaggregated threshold planner with ticks of 5 s", () => {
    expect(settings({}).dynamo).toMatchObject({
      mode: "disagg",
      optimizationTarget: "throughput",
      enableLoadScaling: true,
      enableThroughputScaling: false,
      scaleIntervalSeconds: 5,
    });
  });

  it("§8.1 tick at the greatest common divisor of the intervals in use", () => {
    const intervals = { throughput_adjustment_interval: 60, load_adjustment_interval_seconds: 7 };
    expect(settings({ ...intervals, optimization_target: "sla" }).dynamo.scaleIntervalSeconds).toBe(1);
    expect(settings(intervals).dynamo.scaleIntervalSeconds).toBe(7);
  });

  it("take intervals by either of their names", () => {
    const older = { throughput_adjustment_interval: 60, load_adjustment_interval: 7 };
    const newer = { throughput_adjustment_interval_seconds: 60, load_adjustment_interval_seconds: 7 };
    for (const intervals of [older, newer]) {
      expect(settings({ ...intervals, optimization_target: "sla" }).dynamo).toMatchObject({
        throughputAdjustmentIntervalSeconds: 60,
        loadAdjustmentIntervalSeconds: 7,
      });
    }
  });

  it("have a trace to warm up with where a forecast is made", () => {
    const given = { optimization_target: "sla", enable_load_scaling: true, load_predictor_warmup_trace: "t.jsonl" };
    expect(settings(given).warmUpTrace).toBe("t.jsonl");
    expect(settings({ ...given, enable_throughput_scaling: false })).toMatchObject({
      warmUpTrace: null,
      notes: ["load_predictor_warmup_trace is only used with throughput scaling"],
    });
  });

  it("let prophet look back on less than two days", () => {
    const prophet = { optimization_target: "sla", load_predictor: "prophet", throughput_adjustment_interval: 3600 };
    expect(settings({ ...prophet, prophet_window_size: 48 }).dynamo.predictor.prophetWindowSize).toBe(48);
    expect(mistakes({ ...prophet, prophet_window_size: 49 })["prophet_window_size"]).toContain("expected at most 48 ");
  });

  it("turn only throughput scaling on with target sla and nothing else", () => {
    expect(settings({ optimization_target: "sla" }).dynamo).toMatchObject({
      enableLoadScaling: false,
      enableThroughputScaling: true,
      ttftMs: 500,
      itlMs: 50,
    });
  });

  it("accept older names and live-only fields, and say what has no effect", () => {
    const parsed = settings({ ttft: 900, optimization_target: "latency", namespace: "prod", live_dashboard_port: 0 });
    expect(parsed.dynamo.ttftMs).toBe(900);
    expect(parsed.notes.join("\n")).toContain("without effect on a replay: namespace, live_dashboard_port");
    expect(parsed.notes.join("\n")).toContain("ignored: ttft");
  });

  it("say that prophet's window has no effect only where another predictor is taken", () => {
    const target = { optimization_target: "sla", prophet_window_size: 20 };
    expect(settings({ ...target, load_predictor: "prophet" }).notes).toEqual([]);
    expect(settings(target).notes).toEqual(["without effect on a replay: prophet_window_size"]);
  });

  it("§8.2 accept an interval of 0 for a loop that is off", () => {
    const parsed = settings({ optimization_target: "throughput", throughput_adjustment_interval_seconds: 0 });
    expect(parsed.dynamo.throughputAdjustmentIntervalSeconds).toBe(0);
  });
});

describe("mistakes in planner configurations", () => {
  it("§8.2 are all found at once, with the nearest name", () => {
    const found = mistakes({
      optimisation_target: "sla",
      optimization_target: "sla",
      load_predictor: "holt",
      ttft_ms: 0,
      ttft: 500,
      itl_ms: -1,
      enable_load_scaling: true,
      load_adjustment_interval_seconds: 300,
      fpm_sample_bucket_size: 7,
      scheduling: { scale_interval_secs: 5 },
    });
    expect(found[""]).toContain('unknown key "optimisation_target" (did you mean "optimization_target"?)');
    expect(found["load_predictor"]).toContain('found "holt", expected one of "constant"');
    expect(found["ttft_ms"]).toContain("found 0");
    expect(found["ttft"]).toContain("two names of one setting");
    expect(found["itl_ms"]).toContain("found -1");
    expect(found["load_adjustment_interval_seconds"]).toContain("expected less than");
    expect(found["fpm_sample_bucket_size"]).toContain("perfect square");
    expect(found["scheduling"]).toContain("scale_interval_seconds");
  });

  it.each([2, 3, 5, 7, 10])("§8.2 include %i sample bins", (bins) => {
    expect(mistakes({ fpm_sample_bucket_size: bins })).toHaveProperty("fpm_sample_bucket_size");
  });

  it.each([
    [{ optimization_target: "sla", enable_throughput_scaling: false }, "enable_load_scaling"],
    [
      { optimization_target: "sla", throughput_adjustment_interval_seconds: 0 },
      "throughput_adjustment_interval_seconds",
    ],
    [
      { optimization_target: "sla", load_predictor: "prophet", throughput_adjustment_interval_seconds: 3600 },
      "prophet_window_size",
    ],
    [{ report_interval_hours: 0 }, "report_interval_hours"],
    [{ mode: "decode" }, "mode"],
    [{ load_min_observations: 65 }, "load_min_observations"],
    [{ environment: "global-planner" }, "global_planner_namespace"],
    [{ optimization_target: "load", mode: "agg" }, "decode_scale_up_kv_rate"],
    [
      { optimization_target: "load", mode: "agg", decode_scale_up_kv_rate: 30, decode_scale_down_kv_rate: 30 },
      "decode_scale_up_kv_rate",
    ],
    [
      { mode: "agg", aic_perf_model: { hf_id: "a/b", system: "h200_sxm", backend: "vllm" } },
      "aic_perf_model.decode_pick",
    ],
    [
      {
        optimization_target: "sla",
        enable_load_scaling: true,
        load_adjustment_interval_seconds: 7,
        throughput_adjustment_interval_seconds: 60,
        scheduling: { scale_interval_seconds: 7 },
      },
      "scheduling.scale_interval_seconds",
    ],
  ])("§8.2 include %j", (value, place) => {
    expect(mistakes(value)).toHaveProperty([place]);
  });

  it("include loops that are equally fast, and thresholds the wrong way round", () => {
    const loops = { optimization_target: "sla", enable_load_scaling: true, throughput_adjustment_interval: 60 };
    expect(mistakes({ ...loops, load_adjustment_interval: 60 })).toEqual({
      load_adjustment_interval:
        "found 60, expected less than throughput_adjustment_interval, which is 60: load scaling is the faster loop",
    });
    const rates = { optimization_target: "load", mode: "agg", decode_scale_up_kv_rate: 30 };
    expect(settings({ ...rates, decode_scale_down_kv_rate: 29 }).dynamo.decodeScaleUpKvRate).toBe(30);
  });

  it("include anything but an object", () => {
    expect(mistakes([])[""]).toContain("expected an object");
  });
});

describe("a planner and its engines", () => {
  const engines = { prefill: null, decode: capabilities({ gpusPerWorker: 2 }) };

  const pair = { prefill: capabilities({ gpusPerWorker: 1 }), decode: capabilities({ gpusPerWorker: 2 }) };

  it.each([
    [{ mode: "agg", max_gpu_budget: 1 }, engines, "1 replica(s) of every pool at 2 GPU(s) each need 2"],
    [
      { mode: "agg", min_endpoint: 3, max_gpu_budget: 5 },
      engines,
      "3 replica(s) of every pool at 2 GPU(s) each need 6",
    ],
    [{ max_gpu_budget: 2 }, pair, "1 replica(s) of every pool at 1 + 2 GPU(s) each need 3"],
  ])("§8.28 are warned of a budget that cannot hold the least replicas: %j", (value, { prefill, decode }, said) => {
    const warnings = contradictionsWithEngines(settings(value), { prefill, decode });
    expect(warnings).toEqual([expect.stringContaining(said)]);
  });

  it("are not warned of a budget that just holds them, or of none", () => {
    for (const max_gpu_budget of [2, -1]) {
      expect(contradictionsWithEngines(settings({ mode: "agg", max_gpu_budget }), engines)).toEqual([]);
    }
  });

  it("are warned of budgets that contradict each other", () => {
    const contradicting = settings({ mode: "agg", min_gpu_budget: 9 });
    expect(contradictingBudgets(contradicting)).toEqual([expect.stringContaining("min_gpu_budget is 9")]);
    expect(contradictionsWithEngines(contradicting, engines)).toEqual(contradictingBudgets(contradicting));
    for (const sound of [{ min_gpu_budget: 8 }, { min_gpu_budget: 9, max_gpu_budget: -1 }, {}]) {
      expect(contradictingBudgets(settings(sound))).toEqual([]);
    }
  });

  it("are warned of GPU counts that contradict each other", () => {
    const parsed = settings({ mode: "agg", decode_engine_num_gpu: 1, prefill_engine_num_gpu: 7 });
    const warnings = contradictionsWithEngines(parsed, engines);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("decode_engine_num_gpu is 1");
  });
});
