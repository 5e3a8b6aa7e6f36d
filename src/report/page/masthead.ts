import { button, element } from "./dom.ts";

/** Head of a page: what it is about, and what a reader can do with it. */
export function masthead(title: string, facts: readonly string[], toggleTheme: () => void): HTMLElement {
  document.title = `${title} – windtunnel`;
  return element("header", {
    class: "masthead",
    children: [
      element("div", {
        children: [
          element("p", { class: "overline", text: "windtunnel" }),
          element("h1", { text: title }),
          element("p", { class: "facts-line", text: facts.join(" · ") }),
        ],
      }),
      element("div", {
        class: "page-actions",
        children: [
          button("Light / dark", "Switch between light and dark", toggleTheme),
          button("Print", "Print this page", () => print()),
        ],
      }),
    ],
  });
}

/** Foot of a page. */
export function footer(version: string, facts: readonly string[]): HTMLElement {
  return element("footer", {
    children: [
      element("p", {
        text: "Drag in a chart to zoom all of them, double-click for the whole run. Keys: ← → move, + − zoom, 0 whole run, [ ] scaling events, Esc closes.",
      }),
      element("p", { class: "fine", text: [`windtunnel ${version}`, ...facts].join(" · ") }),
    ],
  });
}
