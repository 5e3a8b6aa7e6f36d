import type uPlot from "uplot";
import type { RunPageData } from "../page-data.ts";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { clock, count, milliseconds, percent, shareTick, tick } from "./format.ts";
import { color } from "./theme.ts";

/** Distributions of the requests, and how the first token's time depends on the prompt. */
export function requestCharts(run: RunPageData): ChartSpec[] {
  return [distribution(run), scatter(run)];
}

function distribution(run: RunPageData): ChartSpec {
  const { distributions, sla } = run;
  const { quantiles } = distributions;
  const curve = (label: string, values: readonly number[], rest: Pick<Curve, "color">): Curve[] =>
    values.length === 0 ? [] : [cumulative(label, quantiles, values, rest.color)];
  const curves = [
    ...curve("TTFT", distributions.ttft_ms, { color: "blue" }),
    ...curve("ITL, every gap", distributions.itl_ms, { color: "orange" }),
    ...curve("ITL, mean of each request", distributions.aiperf_itl_ms, { color: "purple" }),
    ...curve("latency", distributions.e2e_latency_ms, { color: "green" }),
  ];
  const bounds = [
    { label: "TTFT SLA", at: sla?.ttft_ms ?? null, color: "blue" as const },
    { label: "ITL SLA", at: sla?.itl_ms ?? null, color: "purple" as const },
    { label: "latency SLA", at: sla?.e2e_ms ?? null, color: "green" as const },
  ];
  const empty = curves.length === 0 ? "No request completed." : null;
  for (const { label, at, color: role } of bounds) {
    if (at !== null && at > 0 && empty === null)
      curves.push({ label, color: role, dash: [5, 4], width: 1.25, x: [at, at * (1 + 1e-9)], y: [0, 1] });
  }
  return {
    id: "distributions",
    title: "Latency distributions",
    unit: "share of requests",
    note: "How many requests (or gaps) took at most so long. Exact at every step drawn; the axis of time is logarithmic.",
    curves,
    top: 1,
    height: 280,
    format: percent,
    axisFormat: shareTick,
    empty,
    value: { label: "ms, logarithmic", log: true, format: milliseconds, axisFormat: tick },
    describe: (_, x) => `at ${milliseconds(x)}`,
  };
}

/** Ascending values without repetitions; of equal ones the largest share stands. */
function cumulative(label: string, shares: readonly number[], values: readonly number[], role: Curve["color"]): Curve {
  const x: number[] = [];
  const y: number[] = [];
  for (const [place, value] of values.entries()) {
    if (value <= 0) continue;
    if (x.at(-1) === value) y[y.length - 1] = shares[place]!;
    else {
      x.push(value);
      y.push(shares[place]!);
    }
  }
  return { label, color: role, x, y, kind: "step", width: 1.75 };
}

function scatter(run: RunPageData): ChartSpec {
  const { scatter: sample } = run;
  const order = sample.request
    .map((_, place) => place)
    .toSorted((a, b) => sample.input_length[a]! - sample.input_length[b]!);
  const x = order.map((place) => Math.max(1, sample.input_length[place]!));
  const y = order.map((place) => sample.ttft_ms[place]!);
  const bound = run.sla?.ttft_ms ?? null;
  const end = x.at(-1) ?? 1;
  const nearest = (plot: uPlot, left: number, top: number): number => {
    let best = -1;
    let distance = 14;
    for (const [k, place] of order.entries()) {
      const away = Math.hypot(plot.valToPos(x[k]!, "x") - left, plot.valToPos(y[k]!, "y") - top);
      if (away < distance) [best, distance] = [place, away];
    }
    return best;
  };
  return {
    id: "ttft-by-length",
    title: "TTFT by input length",
    unit: "ms, log",
    note:
      sample.request.length < run.completed_requests
        ? `An even sample of ${count(sample.request.length)} of ${count(run.completed_requests)} completed requests. Point at one to read it.`
        : "Every completed request. Point at one to read it.",
    curves: [
      { label: "TTFT", color: "blue", kind: "points", opacity: 0, unlisted: true, x, y },
      ...(bound === null
        ? []
        : [{ label: "SLA", color: "red" as const, dash: [6, 4], width: 1.25, x: [x[0] ?? 1, end], y: [bound, bound] }]),
    ],
    laneKey: hitShares.map(({ label, role, opacity }) => ({ label, color: role, opacity })),
    log: true,
    height: 280,
    format: milliseconds,
    axisFormat: tick,
    empty: sample.request.length === 0 ? "No request completed." : null,
    value: { label: "prompt tokens, logarithmic", log: true, format: count, axisFormat: tick },
    draw: (plot) => drawPoints(plot, run, order),
    describe: (plot, _, left, top) => {
      const place = nearest(plot, left, top);
      if (place < 0) return null;
      return (
        `Request ${count(sample.request[place]!)} at ${clock(sample.arrival_s[place]!)}: ` +
        `${count(sample.input_length[place]!)} in, ${count(sample.output_length[place]!)} out, ` +
        `${percent(sample.hit_share[place]!)} cached, TTFT ${milliseconds(sample.ttft_ms[place]!)}`
      );
    },
  };
}

/** Classes of the share of a prompt that was cached; told apart by colour and lightness. */
const hitShares = [
  { below: 0.05, label: "under 5 % cached", role: "grey", opacity: 0.55 },
  { below: 0.5, label: "5–50 %", role: "orange", opacity: 0.75 },
  { below: Infinity, label: "over 50 %", role: "blue", opacity: 0.85 },
] as const;

function drawPoints(plot: uPlot, run: RunPageData, order: readonly number[]): void {
  const { ctx, bbox } = plot;
  const { scatter: sample } = run;
  const radius = 2.2 * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { below, role, opacity } of hitShares) {
    const above = hitShares.findLast((other) => other.below < below)?.below ?? -1;
    ctx.fillStyle = color(role, opacity);
    for (const place of order) {
      const share = sample.hit_share[place]!;
      if (share < above || share >= below) continue;
      ctx.beginPath();
      const at = plot.valToPos(Math.max(sample.ttft_ms[place]!, 1e-9), "y", true);
      ctx.arc(plot.valToPos(Math.max(1, sample.input_length[place]!), "x", true), at, radius, 0, 7);
      ctx.fill();
    }
  }
  ctx.restore();
}
