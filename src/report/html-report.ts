import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RunResult } from "../result/schema.ts";
import { comparedRun, runPageData } from "./page-data.ts";
import type { PageContent } from "./page-data.ts";

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

function page(content: PageContent, plainFigures: string): string {
  const { script, style } = pageApp();
  // Only this very script and style may run, and nothing may be loaded: whatever a trace or a configuration holds.
  const policy = `default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; img-src data: blob:`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<title>windtunnel report</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
${plainFigures}
<noscript><p>This report draws itself with JavaScript, which is switched off here.</p></noscript>
<script type="application/json" id="content">${embeddedJson(content)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that cannot end its script element or a line of script. */
function embeddedJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

function hash(source: string): string {
  return `sha256-${createHash("sha256").update(source).digest("base64")}`;
}

let loaded: { readonly script: string; readonly style: string } | null = null;

/** The built page app; read once. */
function pageApp(): { readonly script: string; readonly style: string } {
  if (loaded === null) {
    const folder = pageFolder();
    const read = (file: string) => readFileSync(join(folder, file), "utf8").trim();
    loaded = { script: read("page.js"), style: read("page.css") };
  }
  return loaded;
}

/** Where the build put the page app: beside the built program, or in dist/ when running from the sources. */
function pageFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    for (const candidate of [join(folder, "report-page"), join(folder, "dist/report-page")]) {
      if (existsSync(join(candidate, "page.js"))) return candidate;
    }
    if (dirname(folder) === folder) throw new Error("the report page is not built; run `npm run build` first");
  }
}
