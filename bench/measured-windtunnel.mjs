import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { performance } from "node:perf_hooks";

const program = join(resolve(import.meta.dirname, ".."), "dist/cli/main.js");

/**
 * Runs a windtunnel command as a process of its own: seconds from start to exit, its CPU seconds and peak memory (MB).
 * @param cores those it may use, as taskset takes them; all when absent
 */
export function measured(args, { cwd, cores } = {}) {
  const node = [process.execPath, "--import", join(import.meta.dirname, "report-usage.mjs"), program, ...args];
  const [command, ...rest] = cores === undefined ? node : ["taskset", "-c", cores, ...node];
  const startMs = performance.now();
  const child = spawn(command, rest, { cwd, stdio: ["ignore", "ignore", "inherit", "pipe"] });
  let usage = "";
  child.stdio[3].on("data", (text) => (usage += text));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      if (code !== 0) fail(new Error(`exit code ${code}: ${args.join(" ")}`));
      else done({ seconds: (performance.now() - startMs) / 1000, ...JSON.parse(usage) });
    });
  });
}
