// Builds dist/: bundled ESM for the library and the command line (esbuild, shared chunks), and the type
// declarations when called with --types (tsc). Bundling keeps the start of a short command short.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: { index: "src/index.ts", "cli/main": "src/cli/main.ts", "sweep/worker": "src/sweep/worker.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
  // Tinypool starts its own worker files, so it must stay where it is installed; the others are optional.
  external: ["tinypool", "bullmq", "ioredis"],
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: false,
  chunkNames: "chunks/[name]-[hash]",
  // Some bundled CommonJS dependencies call require() for node built-ins.
  banner: {
    js: 'import { createRequire as windtunnelCreateRequire } from "node:module"; const require = windtunnelCreateRequire(import.meta.url);',
  },
  logLevel: "warning",
});
// The page apps of HTML reports; the renderer puts an app's two files into each page.
await build({
  entryPoints: [
    { in: "src/report/page/main.ts", out: "page" },
    { in: "src/report/page/page.css", out: "page" },
    { in: "src/sweep/page/main.ts", out: "sweep" },
    { in: "src/sweep/page/sweep.css", out: "sweep" },
    { in: "src/study/page/main.ts", out: "study" },
    { in: "src/study/page/study.css", out: "study" },
  ],
  banner: { js: "/* With uPlot 1.6.32, (c) 2022 Leon Sorokin, MIT License. */" },
  outdir: "dist/report-page",
  bundle: true,
  minify: true,
  format: "iife",
  platform: "browser",
  target: "es2022",
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
});
if (process.argv.includes("--types")) {
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });
}
