import { element } from "../../report/page/dom.ts";

/** Letters of an error that are shown without unfolding it. */
const mostAtOnce = 240;

/** The beginning of an error, as much as fits a line or two. */
export function beginningOf(error: string): string {
  const line = error.split("\n", 1)[0]!;
  const beginning = line.length > mostAtOnce ? line.slice(0, mostAtOnce) : line;
  return beginning === error ? error : `${beginning.trimEnd()}…`;
}

/** Why a run failed: a short text as it is, a long one to unfold. */
export function failureText(error: string): Node | string {
  const beginning = beginningOf(error);
  if (beginning === error) return `failed: ${error}`;
  return element("details", {
    children: [
      element("summary", {
        children: ["failed: ", element("span", { class: "beginning", text: beginning })],
      }),
      element("div", { class: "whole", text: error }),
    ],
  });
}

/** Unfolds the errors in a table for paper. */
export function unfoldForPrint(table: HTMLElement): void {
  let unfolded: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    unfolded = [...table.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const fold of unfolded) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of unfolded) fold.open = false;
  });
}
