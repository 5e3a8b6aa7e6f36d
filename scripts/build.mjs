// Builds dist/: bundled ESM for the library and the command line (esbuild, shared chunks), and the type
// declarations when called with --types (tsc). Bundling keeps the start of a short command short.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: { index: "src/index.ts", "cli/main": "src/cli/main.ts" },
  outdir: "dist",
  bundle: true,
  splitting: true,
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
if (process.argv.includes("--types")) {
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });
}
