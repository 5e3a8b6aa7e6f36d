import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { hasValues } from "./chart-spec.ts";
import { percent, shareTick } from "./format.ts";
import { bucketCurve, heldCurve, noTicks, rateCurve, runEnd, setting, tickCurve } from "./run-series.ts";

/** What was asked of the system and how much of it the caches held. */
export function trafficCharts(run: RunPageData): ChartSpec[] {
  return [rates(run), lengths(run, "input"), lengths(run, "output"), hitRate(run), acceptLength(run)];
}

function rates(run: RunPageData): ChartSpec {
  const { timeline } = run;
  const end = runEnd(run);
  const curves: Curve[] = [
    rateCurve(timeline, timeline.arrivals, { label: "offered", color: "blue" }, end),
    rateCurve(timeline, timeline.completions, { label: "completed", color: "green" }, end),
  ];
  if (timeline.failures.some((count) => count > 0)) {
    curves.push(rateCurve(timeline, timeline.failures, { label: "rejected or failed", color: "red" }, end));
  }
  const predicted = heldCurve(run, "predicted_requests_per_second", {
    label: "predicted",
    color: "purple",
    dash: [5, 3],
  });
  if (hasValues([predicted])) curves.push(predicted);
  return {
    id: "request-rate",
    title: "Request rate",
    unit: "requests/s",
    note: "Offered and completed; the forecast holds for the interval after it was made.",
    curves,
    empty: run.num_requests === 0 ? "No request was offered." : null,
  };
}

function lengths(run: RunPageData, which: "input" | "output"): ChartSpec {
  const { timeline } = run;
  const tokens = which === "input" ? timeline.input_tokens : timeline.output_tokens;
  const merged = Math.max(1, Math.ceil(timeline.buckets / 240));
  const x: number[] = [];
  const y: (number | null)[] = [];
  for (let from = 0; from < timeline.buckets; from += merged) {
    let sum = 0;
    let requests = 0;
    for (let k = from; k < Math.min(from + merged, timeline.buckets); k++) {
      sum += tokens[k]!;
      requests += timeline.arrivals[k]!;
    }
    x.push((from + merged / 2) * timeline.bucket_s);
    y.push(requests === 0 ? null : sum / requests);
  }
  const predicted = heldCurve(run, `predicted_${which}_sequence_tokens`, {
    label: "predicted",
    color: "purple",
    dash: [5, 3],
  });
  return {
    id: which === "input" ? "input-length" : "output-length",
    title: which === "input" ? "Input length" : "Output length",
    unit: "tokens",
    note: `Mean ${which === "input" ? "prompt" : "requested output"} of the requests offered at the time, against the forecast.`,
    curves: [{ label: "offered", color: "blue", x, y }, ...(hasValues([predicted]) ? [predicted] : [])],
    height: 110,
    empty: run.num_requests === 0 ? "No request was offered." : null,
  };
}

function hitRate(run: RunPageData): ChartSpec {
  const curves = [
    bucketCurve(run.timeline, run.timeline.reused_ratio, { label: "reused prompt tokens", color: "green", width: 1 }),
  ];
  return {
    id: "hit-rate",
    title: "Prefix cache hit rate",
    unit: "",
    note: "Prompt tokens found in the cache, of all prompt tokens of the requests completed at the time.",
    curves,
    top: 1,
    height: 110,
    format: percent,
    axisFormat: shareTick,
    empty: hasValues(curves) ? null : "No request completed.",
  };
}

function acceptLength(run: RunPageData): ChartSpec {
  const curves = [
    tickCurve(run, "observed_accept_length", { label: "tokens a decode forward", color: "purple", kind: "step" }),
  ];
  const drafts = setting(run, "engine.aic_nextn", "decode.aic_nextn", "engine.speculative_nextn");
  return {
    id: "accept-length",
    title: "Accept length",
    unit: "tokens",
    note: "Tokens each decode forward made visible, drafts included, in the planner's last traffic window.",
    curves,
    height: 110,
    empty: hasValues(curves)
      ? null
      : drafts === null || drafts === 0
        ? "No speculative decoding: every decode forward yields one token."
        : (noTicks(run) ?? "The planner's traffic windows held no decode forwards."),
  };
}
