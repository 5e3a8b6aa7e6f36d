import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A page: its app, its title and what it shows. */
export interface PageParts {
  /** Name of the built app. */
  readonly app: "page" | "sweep" | "study";
  readonly title: string;
  /** Handed to the app as JSON. */
  readonly content: unknown;
  /** Markup that is there without the app, too. */
  readonly plain: string;
}

/**
 * One HTML document with its app and its data, which needs no network and allows none.
 * @throws Error when the page app has not been built (`npm run build`)
 */
export function selfContainedPage({ app, title, content, plain }: PageParts): string {
  const { script, style } = pageApp(app);
  // Only this very script and style may run, and nothing may be loaded: whatever a trace or a configuration holds.
  const policy = `default-src 'none'; script-src '${hash(script)}'; style-src '${hash(style)}'; img-src data: blob:`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="page"></div>
${plain}
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

const loaded = new Map<string, { readonly script: string; readonly style: string }>();

/** A built page app; read once. */
function pageApp(app: string): { readonly script: string; readonly style: string } {
  let files = loaded.get(app);
  if (files === undefined) {
    const folder = pageFolder();
    const read = (file: string) => readFileSync(join(folder, file), "utf8").trim();
    files = { script: read(`${app}.js`), style: read(`${app}.css`) };
    loaded.set(app, files);
  }
  return files;
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
