import type { RunPageData } from "../page-data.ts";
import type { ChartContext } from "./chart-context.ts";
import { element } from "./dom.ts";
import { because, eventTitle, nearestTick } from "./explanation.ts";
import type { ScalingEvent } from "./explanation.ts";
import { clock } from "./format.ts";
import { poolsOf, poolWords } from "./run-series.ts";
import type { PoolName } from "./run-series.ts";

/** Least distance of two marks, CSS pixels; closer ones are drawn as one. */
const MARK_WIDTH = 13;

/** A row of marks over time for the scaling events of every pool; each opens its explanation. */
export function decisionMarks(run: RunPageData, context: ChartContext, open: (seconds: number) => void): HTMLElement {
  const pools = poolsOf(run);
  const row = element("figure", {
    class: "chart marks",
    id: "chart-events",
    attributes: { "data-chart": "events", "data-empty": String(run.scaling_events.length === 0) },
    children: [
      element("figcaption", {
        children: [
          element("h3", { text: "Scaling events" }),
          element("p", {
            class: "note",
            text: "▲ a replica more, ▼ a replica less; a number where several stand close. Open one to read why.",
          }),
        ],
      }),
    ],
  });
  const plot = element("div", { class: "plot" });
  row.append(plot);
  if (run.scaling_events.length === 0) {
    plot.classList.add("empty");
    plot.append(
      element("p", {
        text: run.planner === null ? "No planner ran: pools kept their size." : "The planner never changed a pool.",
      }),
    );
    return row;
  }
  const lanes = pools.map((pool) => {
    const strip = element("div", { class: "strip" });
    const label = element("span", { class: "lane-label", text: pools.length > 1 ? poolWords[pool].toLowerCase() : "" });
    plot.append(element("div", { class: "mark-lane", children: [label, strip] }));
    return { pool, strip };
  });
  const place = () => {
    for (const { pool, strip } of lanes) placeMarks(run, pool, strip, context, open);
  };
  new ResizeObserver(place).observe(plot);
  context.range.onChange(place);
  return row;
}

function placeMarks(
  run: RunPageData,
  pool: PoolName,
  strip: HTMLElement,
  context: ChartContext,
  open: (seconds: number) => void,
): void {
  const { from, to } = context.range.current;
  const width = Math.max(1, strip.clientWidth);
  const groups: { readonly left: number; readonly events: ScalingEvent[] }[] = [];
  for (const event of run.scaling_events) {
    if (event.pool !== pool || event.t_s < from || event.t_s > to) continue;
    const left = ((event.t_s - from) / (to - from)) * width;
    const group = groups.at(-1);
    if (group !== undefined && left - group.left < MARK_WIDTH) group.events.push(event);
    else groups.push({ left, events: [event] });
  }
  strip.replaceChildren(...groups.map(({ left, events }) => mark(run, (left / width) * 100, events, context, open)));
}

function mark(
  run: RunPageData,
  left: number,
  events: readonly ScalingEvent[],
  context: ChartContext,
  open: (seconds: number) => void,
): HTMLElement {
  const [first] = events as [ScalingEvent];
  const last = events.at(-1)!;
  const kind = last.to === first.from ? "both" : last.to > first.from ? "scale_up" : "scale_down";
  const single = events.length === 1;
  const why = single ? because(run, nearestTick(run, first.t_s), first) : null;
  const label = single
    ? `${clock(first.t_s)} · ${eventTitle(first, 2)}${why === null ? "" : `: ${why}`}`
    : `${events.length} scaling events from ${clock(first.t_s)} to ${clock(last.t_s)}, ${first.from} → ${last.to}; opens the first and zooms in`;
  const node = element("button", {
    class: `mark ${single ? first.kind : kind}`,
    text: single ? (first.kind === "scale_up" ? "▲" : "▼") : String(events.length),
    title: label,
    attributes: { type: "button", "aria-label": label },
    onClick: () => {
      if (!single) context.range.focus((first.t_s + last.t_s) / 2, Math.max((last.t_s - first.t_s) * 2, 30));
      open(first.t_s);
    },
  });
  node.style.left = `${left}%`;
  return node;
}
