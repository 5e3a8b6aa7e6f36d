// Parallel efficiency of the cold-start sweep: its time on one core over twice its time on two, threads as cores. Needs
// taskset and a machine that does nothing else.
// The 31 values of the example, or as many as you say: the more, the less it matters that every thread has to warm up.
//   npm run build && node bench/sweep-efficiency.mjs [--pairs N] [--range 0:300:1]
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { measured } from "./measured-windtunnel.mjs";

const { values: given } = parseArgs({
  options: { pairs: { type: "string", default: "5" }, range: { type: "string", default: "0:300:10" } },
});
const root = resolve(import.meta.dirname, "..");
const recorded = join(process.env.WINDTUNNEL_SHARED ?? join(root, "../shared"), "traces/conversation_trace.jsonl");
const trace = existsSync(recorded) ? recorded : "preset:conversation";
const folder = mkdtempSync(join(tmpdir(), "windtunnel-bench-"));
const efficiencies = [];
try {
  for (let pair = 0; pair < Number(given.pairs); pair++) {
    const one = await sweep("0", 1);
    const two = await sweep("0,1", 2);
    if (one.rows !== two.rows) throw new Error("two threads gave other rows than one");
    const efficiency = one.seconds / (2 * two.seconds);
    efficiencies.push(efficiency);
    console.log(
      `one core ${told(one)}, two cores ${told(two)}: efficiency ${(efficiency * 100).toFixed(1)} % ` +
        `(load ${loadavg()[0].toFixed(1)})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const median = efficiencies.toSorted((a, b) => a - b)[efficiencies.length >>> 1];
console.log(`median ${(median * 100).toFixed(1)} % (target 85 %)`);

async function sweep(cores, parallel) {
  const out = mkdtempSync(join(folder, "sweep-"));
  const plan = ["--plan", join(root, "examples/cold-start-sweep.yaml"), "--vary", `engine.startup_time=${given.range}`];
  const options = ["--parallel", String(parallel), "--out", out, "--quiet"];
  const figures = await measured(["sweep", trace, ...plan, ...options], { cores });
  return { ...figures, rows: readFileSync(join(out, "results.jsonl"), "utf8") };
}

function told({ seconds, cpuSeconds, peakMB }) {
  return `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s CPU, ${peakMB.toFixed(0)} MB)`;
}
