import type { RunPageData } from "../page-data.ts";
import { configSection } from "./config-section.ts";
import { disruptionNotes } from "./disruptions.ts";
import { button, element } from "./dom.ts";
import { clock, count, duration, figure, milliseconds, percent } from "./format.ts";
import type { ShowStretch } from "./show-stretch.ts";
import { percentileTable } from "./percentile-table.ts";
import { worstStretch } from "./trouble.ts";

/** What a reader sees first: the verdict, the figures behind it, and what was run. */
export function firstScreen(run: RunPageData, showStretch: ShowStretch): HTMLElement {
  return element("section", {
    class: "first-screen",
    attributes: { "aria-label": "Summary" },
    children: [
      element("div", {
        class: "summary",
        children: [verdict(run, showStretch), tiles(run), percentileTable(run), disruptionNotes(run, showStretch)],
      }),
      configSection(run),
    ],
  });
}

function verdict(run: RunPageData, showStretch: ShowStretch): HTMLElement {
  const { sla } = run;
  const parts: Node[] = [];
  if (sla === null) {
    parts.push(
      element("h2", {
        text: `${count(run.completed_requests)} of ${count(run.num_requests)} requests completed, for ${figure(run.gpu_hours)} GPU-hours`,
      }),
      element("p", { class: "lead", text: "No SLA was given, so nothing here was met or missed." }),
    );
  } else {
    const { attainment } = sla;
    const bounds = [
      { name: "TTFT", bound: sla.ttft_ms, share: attainment.ttft },
      { name: "ITL", bound: sla.itl_ms, share: attainment.itl },
      { name: "latency", bound: sla.e2e_ms, share: attainment.e2e },
    ].filter(({ bound }) => bound !== null);
    const which = bounds.length > 1 ? (bounds.length === 2 ? "both SLA targets" : "all SLA targets") : "the SLA target";
    const level = attainment.all >= 0.99 ? "held" : attainment.all >= 0.9 ? "strained" : "missed";
    parts.push(
      element("h2", {
        class: `verdict ${level}`,
        children: [
          element("span", { class: "badge", text: level === "held" ? "✓" : level === "strained" ? "~" : "✕" }),
          element("span", { class: "big", text: percent(attainment.all) }),
          ` of requests met ${which}, for ${figure(run.gpu_hours)}\u00a0GPU-hours`,
        ],
      }),
      element("p", {
        class: "lead",
        children: bounds.flatMap(({ name, bound, share }, place) => [
          place > 0 ? element("span", { class: "sep", text: " · " }) : null,
          element("span", { children: [`${name} ≤ ${milliseconds(bound)}: `, element("b", { text: percent(share) })] }),
        ]),
      }),
    );
  }
  const stretch = worstStretch(run);
  if (stretch !== null) {
    parts.push(
      element("p", {
        class: "stretch",
        children: [
          `${stretch.text} `,
          button("Show it", "Zoom all charts to this stretch", () => showStretch(stretch.from, stretch.to)),
        ],
      }),
    );
  }
  const reasons = Object.entries(run.failure_reasons);
  if (reasons.length > 0) {
    const told = reasons.map(([reason, number]) => `${reason} ${count(number)}`);
    parts.push(element("p", { class: "warning", text: `Rejected or failed: ${told.join(", ")}.` }));
  }
  if (run.ended_early !== null) {
    parts.push(element("p", { class: "warning", text: `The run ended early: ${run.ended_early.message}.` }));
  }
  return element("div", { class: "verdict-block", children: parts });
}

/** What the GPU-hours cost; nothing without a price. */
function costText({ gpu_cost: cost, gpu_cost_per_million_output_tokens: perMillion }: RunPageData): string {
  if (cost === undefined) return "";
  return `cost ${figure(cost)}${perMillion === undefined ? "" : `, ${figure(perMillion)} per million output tokens`}; `;
}

function tiles(run: RunPageData): HTMLElement {
  const trouble = run.rejected_requests + run.failed_requests + run.incomplete_requests;
  const up = run.scaling_events.filter(({ kind }) => kind === "scale_up").length;
  const gpus = [
    run.prefill_gpus_per_worker > 0 ? `${run.prefill_gpus_per_worker} a prefill worker` : "",
    `${run.decode_gpus_per_worker} a ${run.mode === "disagg" ? "decode " : ""}worker`,
  ].filter((text) => text !== "");
  const span = run.duration_ms / 1000;
  const list: readonly (readonly [string, string, string])[] = [
    ["GPU-hours", figure(run.gpu_hours), `${costText(run)}GPUs: ${gpus.join(", ")}`],
    [
      "Scaling events",
      count(run.scaling_events.length),
      run.planner === null ? "no planner" : `${count(up)} up, ${count(run.scaling_events.length - up)} down`,
    ],
    [
      "Requests",
      count(run.num_requests),
      trouble === 0
        ? "all completed"
        : [
            [run.rejected_requests, "rejected"],
            [run.failed_requests, "failed"],
            [run.incomplete_requests, "unfinished"],
          ]
            .filter(([number]) => Number(number) > 0)
            .map(([number, word]) => `${count(Number(number))} ${word}`)
            .join(", "),
    ],
    [
      "Throughput",
      `${figure(run.request_throughput_rps)} /s`,
      `${figure(run.output_throughput_tok_s)} output tokens/s`,
    ],
    ["Cache hits", percent(run.prefix_cache_reused_ratio), "of prompt tokens reused"],
    [
      "Simulated",
      span < 60 ? duration(span) : clock(span),
      run.wall_time_ms > 0
        ? `in ${duration(run.wall_time_ms / 1000)}: ${count(Math.round(span / (run.wall_time_ms / 1000)))}× real time`
        : "",
    ],
  ];
  return element("dl", {
    class: "tiles",
    children: list.map(([name, value, detail]) =>
      element("div", {
        children: [
          element("dt", { text: name }),
          element("dd", { children: [element("b", { text: value }), element("span", { text: detail })] }),
        ],
      }),
    ),
  });
}
