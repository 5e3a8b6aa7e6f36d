import type { ComparedRun, RunPageData } from "../page-data.ts";
import { madeUpTimes } from "../made-up-times.ts";
import { element } from "./dom.ts";

type Setting = RunPageData["config"][string];

/** Parts in the order they are shown; others follow. (A result file has its settings sorted by name.) */
const order = ["run", "engine", "prefill", "decode", "router", "policy", "planner"];

/** What was run: every setting with where its value came from, and every warning. */
export function configSection(run: RunPageData): HTMLElement {
  const groups = new Map<string, [string, Setting][]>();
  for (const [path, value] of Object.entries(run.config)) {
    const dot = path.indexOf(".");
    const group = dot < 0 ? "run" : path.slice(0, dot);
    groups.set(group, [...(groups.get(group) ?? []), [dot < 0 ? path : path.slice(dot + 1), value]]);
  }
  const settings = element("details", {
    class: "settings",
    children: [
      element("summary", { children: [element("h2", { class: "small-head", text: "Configuration" })] }),
      ...[...groups].toSorted(([a], [b]) => placeOf(a) - placeOf(b)).map(([name, entries]) => group(name, entries)),
      groups.size === 0 ? element("p", { class: "note", text: "The result carries no configuration." }) : null,
    ],
  });
  // Beside the verdict there is room for all; below it, settings would push the charts out of reach. Paper has room.
  settings.open = matchMedia("(min-width: 1101px)").matches;
  addEventListener("beforeprint", () => (settings.open = true));
  return element("section", {
    class: "configuration",
    attributes: { "aria-label": "Configuration" },
    children: [warningList(run.warnings, notesOf(run)), settings],
  });
}

function placeOf(name: string): number {
  const place = order.indexOf(name);
  return place < 0 ? order.length : place;
}

function notesOf({ config, trace }: RunPageData): string[] {
  const caution = madeUpTimes(config);
  return [...(caution === null ? [] : [`P${caution.slice(1)}.`]), ...trace.notes.map((note) => `Trace: ${note}`)];
}

/** Warnings, then notes; null without any. */
function warningList(warnings: readonly string[], notes: readonly string[]): HTMLElement | null {
  const item = (text: string) => element("li", { text });
  const all = [...warnings, ...notes];
  if (all.length === 0) return null;
  const first = all.slice(0, 4);
  const rest = all.slice(4);
  const counted = (number: number, word: string) =>
    number === 0 ? [] : [`${number} ${word}${number === 1 ? "" : "s"}`];
  return element("div", {
    class: warnings.length === 0 ? "warnings notes" : "warnings",
    children: [
      element("h2", {
        class: "small-head",
        text: [...counted(warnings.length, "warning"), ...counted(notes.length, "note")].join(", "),
      }),
      element("ul", { children: first.map(item) }),
      rest.length === 0
        ? null
        : element("details", {
            children: [
              element("summary", { text: `${rest.length} more` }),
              element("ul", { children: rest.map(item) }),
            ],
          }),
    ],
  });
}

/** Settings of one part: those given or derived in sight, defaults behind a fold. */
function group(name: string, settings: readonly (readonly [string, Setting])[]): HTMLElement {
  const chosen = settings.filter(([, { from }]) => from !== "default");
  const defaults = settings.filter(([, { from }]) => from === "default");
  return element("div", {
    class: "config-group",
    children: [
      element("h3", { text: name }),
      chosen.length === 0 ? null : settingTable(name, chosen),
      defaults.length === 0
        ? null
        : element("details", {
            children: [
              element("summary", { text: defaults.length === 1 ? "1 default" : `${defaults.length} defaults` }),
              settingTable(`${name}, defaults`, defaults),
            ],
          }),
    ],
  });
}

function settingTable(label: string, settings: readonly (readonly [string, Setting])[]): HTMLElement {
  return element("table", {
    attributes: { "aria-label": label },
    children: [
      element("tbody", {
        children: settings.map(([key, { value, from, note }]) =>
          element("tr", {
            children: [
              element("th", { text: key, attributes: { scope: "row" } }),
              element("td", {
                children: [
                  settingText(value),
                  note === undefined ? null : element("span", { class: "note", text: ` ${note}` }),
                ],
              }),
              element("td", { class: `from ${from}`, text: from }),
            ],
          }),
        ),
      }),
    ],
  });
}

/** A setting's value as a configuration file would say it. */
export function settingText(value: ComparedRun["config"][string]["value"] | undefined): string {
  if (value === undefined) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
