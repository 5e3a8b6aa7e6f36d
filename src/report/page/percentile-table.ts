import type { RunPageData } from "../page-data.ts";
import { element } from "./dom.ts";
import { figure } from "./format.ts";

const statistics = ["mean", "median", "p90", "p95", "p99", "max"] as const;
type Values = Readonly<Record<(typeof statistics)[number], number>>;

/** Key percentiles against their bounds; what is over its bound is marked by colour and sign. */
export function percentileTable(run: RunPageData): HTMLElement {
  const flat = (metric: "ttft_ms" | "itl_ms" | "e2e_latency_ms"): Values => ({
    mean: run[`mean_${metric}`],
    median: run[`median_${metric}`],
    p90: run[`p90_${metric}`],
    p95: run[`p95_${metric}`],
    p99: run[`p99_${metric}`],
    max: run[`max_${metric}`],
  });
  const { sla, completed_requests: completed } = run;
  const rows: readonly (readonly [string, string, Values, number | null])[] = [
    ["TTFT", "time to first token", flat("ttft_ms"), sla?.ttft_ms ?? null],
    ["ITL", "mean gap of each request: what the SLA bounds", run.aiperf_itl_ms, sla?.itl_ms ?? null],
    ["ITL, gaps", "every gap between two tokens", flat("itl_ms"), null],
    ["Latency", "arrival to last token", flat("e2e_latency_ms"), sla?.e2e_ms ?? null],
  ];
  const head = ["ms", ...statistics.map((name) => (name === "median" ? "p50" : name)), "SLA"];
  return element("div", {
    class: "scroll",
    children: [
      element("table", {
        class: "percentiles",
        attributes: { "aria-label": "Latency percentiles in milliseconds" },
        children: [
          element("thead", {
            children: [
              element("tr", {
                children: head.map((text, place) =>
                  element("th", { text, class: place === 0 ? "" : "numeric", attributes: { scope: "col" } }),
                ),
              }),
            ],
          }),
          element("tbody", {
            children: rows.map(([name, meaning, values, bound]) =>
              element("tr", {
                children: [
                  element("th", { text: name, title: meaning, attributes: { scope: "row" } }),
                  ...statistics.map((statistic) => {
                    const value = values[statistic];
                    // Where nothing completed, a latency of 0 is none.
                    if (completed === 0 && value === 0) return element("td", { class: "numeric", text: "–" });
                    const over = bound !== null && value > bound;
                    return element("td", {
                      class: `numeric${bound === null ? "" : over ? " over" : " within"}`,
                      text: figure(value),
                      title: over ? `over the bound of ${bound} ms (${value} ms)` : `${value} ms`,
                    });
                  }),
                  element("td", { class: "numeric bound", text: bound === null ? "" : `≤ ${figure(bound)}` }),
                ],
              }),
            ),
          }),
        ],
      }),
    ],
  });
}
