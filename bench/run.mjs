// Measures whole processes, from start to exit with result files written, and holds them against their targets:
//   npm run bench [-- --only NAME] [-- --runs N] [-- --out FILE]
// Prints the median of N runs (default 5) after one warm-up, and writes all figures as JSON (bench/results.json).
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { measured } from "./measured-windtunnel.mjs";

const { values: given } = parseArgs({
  options: { only: { type: "string" }, runs: { type: "string", default: "5" }, out: { type: "string" } },
});
const root = resolve(import.meta.dirname, "..");
const shared = process.env.WINDTUNNEL_SHARED ?? join(root, "../shared");
const recorded = join(shared, "traces/conversation_trace.jsonl");
const conversation = existsSync(recorded) ? recorded : "preset:conversation";
const engine = ["--extra-engine-args", '{"num_gpu_blocks":16384,"block_size":64}'];
const poisson = ["--input-tokens", "1024", "--output-tokens", "128", "--request-rate", "188", "--num-workers", "8"];
const planner = {
  mode: "agg",
  optimization_target: "sla",
  ttft_ms: 1500,
  itl_ms: 50,
  enable_throughput_scaling: true,
  enable_load_scaling: true,
  throughput_adjustment_interval_seconds: 300,
  load_adjustment_interval_seconds: 10,
};
const disaggregatedPlanner = JSON.stringify({ ...planner, mode: "disagg" });
const guideEngine = JSON.stringify({
  aic_backend: "vllm",
  aic_system: "h200_sxm",
  aic_model_path: "nvidia/Llama-3.1-8B-Instruct-FP8",
  aic_tp_size: 1,
});

/** What is measured; targets are of a 2-core machine. */
const cases = [
  { name: "version", args: ["--version"], target: {} },
  {
    name: "conversation-4-workers",
    args: ["replay", conversation, ...engine, "--num-workers", "4", "--report-jsonl", "rows.jsonl"],
    target: { seconds: 0.6, peakMB: 160 },
  },
  {
    name: "conversation-4-workers-dynamo-1.4",
    args: [
      "replay",
      conversation,
      ...engine,
      "--num-workers",
      "4",
      "--report-jsonl",
      "rows.jsonl",
      "--semantics",
      "dynamo-1.4",
    ],
    target: { seconds: 0.6, peakMB: 160 },
  },
  {
    name: "million-requests",
    args: ["replay", ...poisson, "--request-count", "1000000"],
    target: { seconds: 1.8, peakMB: 300 },
  },
  {
    name: "closed-loop-131072",
    args: [
      "replay",
      "--input-tokens",
      "1024",
      "--output-tokens",
      "128",
      "--request-count",
      "131072",
      "--replay-concurrency",
      "64",
    ],
    target: { seconds: 0.5 },
  },
  {
    name: "conversation-planner",
    args: ["replay", conversation, ...engine, "--num-workers", "2", "--planner-config", JSON.stringify(planner)],
    target: { seconds: 1.0, peakMB: 200 },
  },
  {
    name: "conversation-disaggregated-3p2d",
    args: `replay|${conversation}|--prefill-engine-args|${engine[1]}|--decode-engine-args|${engine[1]}|--num-prefill-workers|3|--num-decode-workers|2`.split(
      "|",
    ),
    target: {},
  },
  {
    name: "conversation-disaggregated-planner",
    args: `replay|${conversation}|--prefill-engine-args|${engine[1]}|--decode-engine-args|${engine[1]}|--planner-config|${disaggregatedPlanner}`.split(
      "|",
    ),
    target: { seconds: 1.0, peakMB: 200 },
  },
  {
    name: "guide-disaggregated",
    args: `replay|preset:toolagent|--prefill-engine-args|${guideEngine}|--decode-engine-args|${guideEngine}|--planner-config|${disaggregatedPlanner}`.split(
      "|",
    ),
    target: { seconds: 1.2 },
  },
  {
    name: "conversation-kv-router",
    args: ["replay", conversation, ...engine, "--num-workers", "4", "--router-mode", "kv_router"],
    target: { seconds: 1.2 },
  },
  {
    name: "million-requests-kv-router-64",
    args: `replay|--input-tokens|1155|--output-tokens|211|--request-rate|285|--request-count|1000000|--num-workers|64|--router-mode|kv_router`.split(
      "|",
    ),
    target: {},
  },
];

const runs = Number(given.runs);
const folder = mkdtempSync(join(tmpdir(), "windtunnel-bench-"));
const results = [];
try {
  for (const { name, args, target } of cases) {
    if (given.only !== undefined && given.only !== name) continue;
    const samples = [];
    for (let run = 0; run <= runs; run++) {
      // The first run only warms the file cache up.
      const sample = await measure(args);
      if (run > 0) samples.push(sample);
    }
    const median = (key) =>
      samples.map((sample) => sample[key]).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)];
    const figures = { seconds: median("seconds"), cpuSeconds: median("cpuSeconds"), peakMB: median("peakMB") };
    results.push({ name, ...figures, target, samples });
    console.log(line(name, figures, target));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const report = {
  node: process.version,
  cores: cpus().length,
  trace: conversation === recorded ? "recorded" : conversation,
  results,
};
writeFileSync(given.out ?? join(import.meta.dirname, "results.json"), `${JSON.stringify(report, null, 2)}\n`);

function measure(args) {
  return measured(args[0] === "replay" ? [...args, "--report-json", "result.json", "--quiet"] : args, { cwd: folder });
}

function line(name, { seconds, cpuSeconds, peakMB }, target) {
  const held = (value, bound) => (bound === undefined ? "" : value <= bound ? ` (≤ ${bound})` : ` (OVER ${bound})`);
  return (
    `${name.padEnd(36)} ${seconds.toFixed(2)} s${held(seconds, target.seconds)}, ` +
    `${cpuSeconds.toFixed(2)} s CPU, ${peakMB.toFixed(0)} MB${held(peakMB, target.peakMB)}`
  );
}
