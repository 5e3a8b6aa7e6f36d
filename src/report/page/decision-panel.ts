import type { RunPageData } from "../page-data.ts";
import { choose, onAddressChange } from "./address-state.ts";
import { redrawAll } from "./chart.ts";
import type { ChartContext } from "./chart-context.ts";
import { button, element } from "./dom.ts";
import { because, eventTitle, facts, nearestTick, recordedText } from "./explanation.ts";
import { clock, count } from "./format.ts";
import { keptSeconds, written } from "./kept-range.ts";
import { poolsOf } from "./run-series.ts";

/** Opens the explanation of a tick; closes it. */
export interface DecisionPanel {
  readonly open: (seconds: number) => void;
  readonly close: () => void;
  /** Opens the next (1) or previous (−1) scaling event. */
  readonly step: (by: 1 | -1) => void;
}

/** The panel at the side that tells why the planner did what it did at a tick. */
export function decisionPanel(run: RunPageData, context: ChartContext): DecisionPanel {
  const panel = element("aside", {
    class: "decision-panel",
    id: "decision-panel",
    attributes: { role: "dialog", "aria-label": "Decision", tabindex: "-1", hidden: "" },
  });
  document.body.append(panel);
  let opener: Element | null = null;
  const times = [...new Set(run.scaling_events.map(({ t_s }) => t_s))];

  const close = () => {
    if (panel.hidden) return;
    panel.hidden = true;
    document.body.classList.remove("with-panel");
    context.marked.seconds = null;
    choose({ decision: null });
    redrawAll();
    if (opener instanceof HTMLElement) opener.focus();
  };
  const open = (seconds: number) => {
    const tick = nearestTick(run, seconds);
    const at = tick < 0 ? seconds : run.planner!.ticks.t_s[tick]!;
    if (panel.hidden) opener = document.activeElement;
    context.marked.seconds = at;
    choose({ decision: written(at) });
    const { from, to } = context.range.current;
    if (at < from || at > to) context.range.focus(at, (to - from) / 2);
    redrawAll();
    panel.replaceChildren(...content(run, tick, at, times, { close, step }));
    panel.hidden = false;
    document.body.classList.add("with-panel");
    panel.focus({ preventScroll: true });
  };
  const step = (by: 1 | -1) => {
    const here = context.marked.seconds ?? (by > 0 ? -1 : Infinity);
    const next = by > 0 ? times.find((at) => at > here + 1e-9) : times.findLast((at) => at < here - 1e-9);
    if (next !== undefined) open(next);
  };
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  const follow = () => {
    const at = run.planner === null ? null : keptSeconds("decision", context.range);
    if (at === null) close();
    else open(at);
  };
  onAddressChange(follow);
  follow();
  return { open, close, step };
}

function content(
  run: RunPageData,
  tick: number,
  at: number,
  times: readonly number[],
  actions: { readonly close: () => void; readonly step: (by: 1 | -1) => void },
): HTMLElement[] {
  const events = run.scaling_events.filter(({ t_s }) => Math.abs(t_s - at) < 1e-9);
  const pools = poolsOf(run).length;
  const place = times.indexOf(at);
  const head = element("header", {
    children: [
      element("p", {
        class: "overline",
        text: `${clock(at)}${place < 0 ? "" : ` · scaling event ${place + 1} of ${times.length}`}`,
      }),
      element("div", {
        class: "panel-buttons",
        children: [
          button("←", "Previous scaling event", () => actions.step(-1)),
          button("→", "Next scaling event", () => actions.step(1)),
          button("✕", "Close", actions.close),
        ],
      }),
    ],
  });
  const parts: HTMLElement[] = [head];
  if (events.length === 0) parts.push(element("h3", { text: "No scaling" }));
  for (const event of events) {
    parts.push(element("h3", { class: event.kind, text: eventTitle(event, pools) }));
    const why = because(run, tick, event);
    if (why !== null) parts.push(element("p", { class: "why", text: why }));
  }
  const why = events.length === 0 ? because(run, tick, null) : null;
  if (why !== null) parts.push(element("p", { class: "why", text: why }));
  const own = tick < 0 ? null : (recordedText(run, tick, "reason") ?? recordedText(run, tick, "explanation"));
  const said = own ?? events[0]?.reason ?? null;
  if (said !== null && said !== "") {
    parts.push(element("p", { class: "overline", text: "The policy's own words" }), element("p", { text: said }));
  }
  if (tick >= 0) {
    const rows = facts(run, tick).map(([label, value]) =>
      element("tr", {
        children: [element("th", { text: label, attributes: { scope: "row" } }), element("td", { text: value })],
      }),
    );
    parts.push(
      element("p", { class: "overline", text: "What it saw and estimated" }),
      element("table", {
        class: "facts",
        attributes: { "aria-label": "What it saw and estimated" },
        children: [element("tbody", { children: rows })],
      }),
      ...engineTables(run, tick),
    );
  }
  return parts;
}

const figureNames: Readonly<Record<string, string>> = {
  queued_prefill_tokens: "queued prefill",
  queued_decode_kv_tokens: "queued KV",
  inflight_decode_kv_tokens: "KV in flight",
  running: "running",
  waiting: "waiting",
  kv_blocks: "KV blocks",
};

/** Load of each engine at the tick, a table a pool. */
function engineTables(run: RunPageData, tick: number): HTMLElement[] {
  return Object.entries(run.planner?.ticks.load ?? {}).flatMap(([pool, load]) => {
    if (load.kind === "extremes") {
      return [
        element("p", { class: "note", text: "The load of single engines is in the result JSON of runs this long." }),
      ];
    }
    const entries = load.tick.flatMap((at, entry) => (at === tick ? [entry] : []));
    const shown = Object.entries(load.figures).filter(([, column]) => entries.some((entry) => column[entry] != null));
    if (entries.length === 0 || shown.length === 0) return [];
    const header = ["engine", ...shown.map(([name]) => figureNames[name] ?? name)];
    const rows = entries.map((entry) =>
      element("tr", {
        children: [
          element("th", { text: load.engine[entry]!, attributes: { scope: "row" } }),
          ...shown.map(([, column]) => element("td", { text: column[entry] == null ? "–" : count(column[entry]!) })),
        ],
      }),
    );
    return [
      element("p", { class: "overline", text: pool === "agg" ? "Engines, last pass" : `${pool} engines, last pass` }),
      element("div", {
        class: "scroll",
        children: [
          element("table", {
            class: "engines",
            attributes: { "aria-label": pool === "agg" ? "Engines" : `${pool} engines` },
            children: [
              element("thead", {
                children: [
                  element("tr", {
                    children: header.map((text) => element("th", { text, attributes: { scope: "col" } })),
                  }),
                ],
              }),
              element("tbody", { children: rows }),
            ],
          }),
        ],
      }),
    ];
  });
}
