// Whether memory for a trace multiplies with the threads of a sweep: peak memory of one sweep with 1, 2 and 4 runs at a
// time, over a large trace, over its lengths alone, and over its first tenth.
//   npm run build && node bench/sweep-memory.mjs [--requests N]
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measured } from "./measured-windtunnel.mjs";

const { values: given } = parseArgs({ options: { requests: { type: "string", default: "1000000" } } });
const requests = Number(given.requests);
const folder = mkdtempSync(join(tmpdir(), "windtunnel-bench-"));
const threads = [1, 2, 4];
try {
  const traces = {
    "with blocks": { path: written("blocks.jsonl", requests, true), count: requests },
    "lengths alone": { path: written("lengths.csv", requests, false), count: requests },
    "first tenth, with blocks": { path: written("tenth.jsonl", requests / 10, true), count: requests / 10 },
  };
  for (const [name, { path, count }] of Object.entries(traces)) {
    const figures = [];
    for (const parallel of threads) figures.push({ parallel, ...(await sweep(path, parallel)) });
    if (new Set(figures.map(({ rows }) => rows)).size > 1) throw new Error("rows differ with the number of threads");
    const peaks = figures.map(({ parallel, peakMB }) => `${parallel}: ${peakMB.toFixed(0)} MB`).join(", ");
    const more = (figures.at(-1).peakMB - figures[0].peakMB) / (threads.at(-1) - threads[0]);
    console.log(`${name}, ${count} requests: ${peaks}; ${more.toFixed(0)} MB for each further thread`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Requests of 5,000 families that share the first part of their prompts; the same numbers every time. */
function written(name, count, blocks) {
  const path = join(folder, name);
  const file = openSync(path, "w");
  let state = 1;
  const below = (n) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * n);
  };
  let text = blocks ? "" : "arrival_ms,input_length,output_length\n";
  let own = 1e6;
  for (let request = 0; request < count; request++) {
    const length = 1 + below(24);
    const family = below(5000) * 100;
    const input = length * 512 - below(500);
    const output = 1 + below(60);
    if (blocks) {
      const shared = length * 0.6;
      const ids = Array.from({ length }, (_, block) => (block < shared ? family + block : own++));
      text += `{"timestamp":${request * 20},"input_length":${input},"output_length":${output},"hash_ids":[${ids}]}\n`;
    } else {
      text += `${request * 20},${input},${output}\n`;
    }
    if (text.length > 1e6) {
      writeSync(file, text);
      text = "";
    }
  }
  writeSync(file, text);
  closeSync(file);
  return path;
}

/** Peak memory of a sweep of 8 runs. */
async function sweep(trace, parallel) {
  const out = mkdtempSync(join(folder, "sweep-"));
  const options = ["--num-workers", "8", "--vary", "engine.max_num_seqs=64:512:64", "--quiet"];
  const figures = await measured(["sweep", trace, ...options, "--parallel", String(parallel), "--out", out]);
  return { ...figures, rows: readFileSync(join(out, "results.csv"), "utf8") };
}
