// Builds dist/ (or the folder after --out): bundled ESM for the library and the command line (esbuild, shared chunks),
// and the type declarations when called with --types (tsc). Bundling keeps the start of a short command short.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const out = process.argv.includes("--out") ? process.argv[process.argv.indexOf("--out") + 1] : "dist";
rmSync(out, { recursive: true, force: true });
const { metafile: modules } = await build({
  entryPoints: { index: "src/index.ts", "cli/main": "src/cli/main.ts", "sweep/worker": "src/sweep/worker.ts" },
  outdir: out,
  bundle: true,
  splitting: true,
  // Tinypool starts its own worker files, so it must stay where it is installed; the others are optional.
  external: ["tinypool", "bullmq", "ioredis"],
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: false,
  chunkNames: "chunks/[name]-[hash]",
  metafile: true,
  // Some bundled CommonJS dependencies call require() for node built-ins.
  banner: {
    js: 'import { createRequire as windtunnelCreateRequire } from "node:module"; const require = windtunnelCreateRequire(import.meta.url);',
  },
  logLevel: "warning",
});
// The page apps of HTML reports; the renderer puts an app's two files into each page.
const { metafile: pages } = await build({
  metafile: true,
  entryPoints: [
    { in: "src/report/page/main.ts", out: "page" },
    { in: "src/report/page/page.css", out: "page" },
    { in: "src/sweep/page/main.ts", out: "sweep" },
    { in: "src/sweep/page/sweep.css", out: "sweep" },
    { in: "src/study/page/main.ts", out: "study" },
    { in: "src/study/page/study.css", out: "study" },
  ],
  banner: { js: "/* With uPlot 1.6.32, (c) 2022 Leon Sorokin, MIT License. */" },
  outdir: join(out, "report-page"),
  bundle: true,
  minify: true,
  format: "iife",
  platform: "browser",
  target: "es2022",
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
});
writeFileSync(join(out, "third-party-licenses.txt"), licenses([modules, pages]));
if (process.argv.includes("--types")) {
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json", "--outDir", join(out, "types")], { stdio: "inherit" });
  removeUnreached(join(out, "types"), join(out, "types/index.d.ts"));
}

/** The licences of the packages whose code is in what was built, each with its own text. */
function licenses(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = new Set(inputs.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const texts = [...packages].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
    return `${name} ${version} (${license})\n${text}`;
  });
  const title = "windtunnel's built files contain code of these packages, under their own licences.";
  return `${[title, ...texts].join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** Leaves only the declarations that those of the public interface lead to. */
function removeUnreached(folder, entry) {
  const reached = new Set();
  const open = [entry];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const [, target] of readFileSync(path, "utf8").matchAll(/(?:from |import\()"(\.[^"]+)\.ts"/g)) {
      open.push(join(dirname(path), `${target}.d.ts`));
    }
  }
  const remove = (inside) => {
    for (const entry of readdirSync(inside, { withFileTypes: true })) {
      const path = join(inside, entry.name);
      if (entry.isDirectory()) remove(path);
      else if (!reached.has(path)) rmSync(path);
    }
    if (readdirSync(inside).length === 0) rmSync(inside, { recursive: true });
  };
  remove(folder);
  const lost = [...reached].filter((path) => !existsSync(path));
  if (lost.length > 0) throw new Error(`declarations not found: ${lost.join(", ")}`);
}
