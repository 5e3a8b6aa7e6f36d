import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { selfContainedPage } from "../report/self-contained-page.ts";
import { windtunnelVersion } from "../version.ts";
import { sweepPageData, type SweepPageOptions } from "./page-data.ts";
import type { SweepRow } from "./sweep-row.ts";

/**
 * The page of a sweep: one self-contained HTML document that needs no network. Runs whose own page lies in
 * runs/ of one of the folders are linked.
 * @param out folder the page will lie in
 * @throws Error when the page app has not been built (`npm run build`)
 */
export function renderSweepPage(
  rows: readonly SweepRow[],
  out: string,
  { threshold, trace, folders }: SweepPageOptions,
): string {
  const kept = folders.filter((folder) => existsSync(join(folder, "runs")));
  const linkOf = ({ run }: SweepRow) => {
    const folder = kept.find((candidate) => existsSync(join(candidate, "runs", `${run}.html`)));
    if (folder === undefined) return null;
    const path = relative(out, join(folder, "runs", `${run}.html`));
    return path.split(/[\\/]/).map(encodeURIComponent).join("/");
  };
  const content = sweepPageData(rows, { version: windtunnelVersion, threshold, trace, linkOf });
  return selfContainedPage({ app: "sweep", title: "windtunnel sweep", content, plain: "" });
}
