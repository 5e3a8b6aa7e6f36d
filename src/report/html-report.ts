import type { RunResult } from "../result/schema.ts";
import { comparedRun, runPageData } from "./page-data.ts";
import type { PageContent } from "./page-data.ts";
import { selfContainedPage } from "./self-contained-page.ts";

/**
 * The page of a run: one self-contained HTML document that needs no network. Holds the literal `GPU hours: <number>`
 * with the number as the result's JSON prints it.
 * @throws Error when the page app has not been built (`npm run build`)
 */
export function renderHtmlReport(result: RunResult): string {
  return page(
    { kind: "run", run: runPageData(result) },
    `<p class="plain-figures">GPU hours: ${JSON.stringify(result.gpu_hours)}</p>`,
  );
}

/**
 * The page that lays several runs over each other.
 * @param runs results and what to call them; labels must be distinct
 */
export function renderComparePage(runs: readonly { readonly label: string; readonly result: RunResult }[]): string {
  return page({ kind: "compare", runs: runs.map(({ label, result }) => comparedRun(result, label)) }, "");
}

function page(content: PageContent, plain: string): string {
  return selfContainedPage({ app: "page", title: "windtunnel report", content, plain });
}
