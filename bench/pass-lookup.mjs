// Cost of one pass time, averaged over what engines ask for: long decode segments in which the context grows by one a
// pass, and prefill passes of all sizes.   node bench/pass-lookup.mjs [TABLES_DIR]
import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(root, "node_modules/.lookup-"));
const source = `
  export { gpuOf } from "./src/perf/gpu.ts";
  export { loadModel } from "./src/perf/load-model.ts";
  export { rooflinePerfModel } from "./src/perf/roofline/roofline-perf-model.ts";
  export { tablePerfModel } from "./src/perf/tables/table-perf-model.ts";`;
const outfile = join(folder, "models.mjs");
await build({
  stdin: { contents: source, resolveDir: root, loader: "ts" },
  bundle: true,
  format: "esm",
  platform: "node",
  packages: "external",
  outfile,
});
const { gpuOf, loadModel, rooflinePerfModel, tablePerfModel } = await import(pathToFileURL(outfile));
rmSync(folder, { recursive: true });
const deployment = {
  gpu: gpuOf("h200_sxm"),
  backend: "vllm",
  model: await loadModel("nvidia/Llama-3.1-8B-Instruct-FP8"),
  tensorParallelSize: 1,
  attentionDataParallelSize: 1,
  expertTensorParallelSize: 1,
  expertParallelSize: 1,
  draftTokens: 0,
};
const tables = process.argv[2];
const models = [rooflinePerfModel(deployment)];
if (tables !== undefined) models.push(await tablePerfModel(tables, deployment, null, "0.11"));
for (const model of models) {
  let checksum = 0;
  let lookups = 0;
  const start = process.cpuUsage();
  for (let segment = 0; segment < 40_000; segment++) {
    const batch = 1 + (segment % 64);
    const context = 500 + ((segment * 37) % 20_000);
    checksum += model.prefillMs(1, 64 + ((segment * 7919) % 8000), (segment * 104_729) % 30_000);
    for (let pass = 0; pass < 100; pass++) checksum += model.decodeMs(batch, context + pass);
    lookups += 101;
  }
  const { user } = process.cpuUsage(start);
  console.log(
    `${model.provenance.kind}: ${((user * 1000) / lookups).toFixed(0)} ns a lookup (checksum ${checksum.toFixed(3)})`,
  );
}
