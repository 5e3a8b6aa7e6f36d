import { createHash } from "node:crypto";
import type { ReplayOptions } from "../config/replay-options.ts";
import { resolveReplay } from "../config/resolve-replay.ts";
import { runReplay } from "../replay.ts";
import { sortKeys } from "../result/digest.ts";
import type { RunResult } from "../result/schema.ts";
import type { Trace } from "../trace/trace.ts";
import { windtunnelVersion } from "../version.ts";
import { namedFileDigests } from "./named-files.ts";
import { policyModuleDigest, policyModuleOf } from "./policy-module.ts";
import type { SweepPoint } from "./sweep-plan.ts";
import { failedRow, rowOf, type SweepRow } from "./sweep-row.ts";

/** One run of a sweep, complete: plain data that can travel to another thread or machine. */
export interface SweepTask {
  readonly run: string;
  readonly point: SweepPoint;
  readonly options: ReplayOptions;
}

/** Options that say where a run's trace is and where its output goes, not what is simulated. */
const outsideRun = new Set(["trace", "reportJson", "reportJsonl", "reportHtml", "quiet", "json"]);

/**
 * What makes a run the same run: the program's version, the workload's content, every option that matters and the
 * content of the files they name, a policy module among them.
 */
export function runKey(options: ReplayOptions, workloadDigest: string): string {
  const simulated = Object.fromEntries(Object.entries(options).filter(([key]) => !outsideRun.has(key)));
  const module = policyModuleOf(options);
  const policy = module === null ? {} : { policy: policyModuleDigest(module) };
  const digests = namedFileDigests(options);
  const files = Object.keys(digests).length === 0 ? {} : { files: digests };
  const run = { version: windtunnelVersion, workload: workloadDigest, options: simulated, ...policy, ...files };
  return createHash("sha256")
    .update(JSON.stringify(sortKeys(run)))
    .digest("hex")
    .slice(0, 24);
}

/** Does one run; a mistake or a failure becomes a row that says so. */
export async function runSweepTask(
  { run, point, options }: SweepTask,
  trace: Trace,
): Promise<{ readonly row: SweepRow; readonly result: RunResult | null }> {
  try {
    const resolved = await resolveReplay(options);
    const { result } = await runReplay(resolved, trace);
    if (result.ended_early?.kind === "planner_error") {
      return { row: failedRow(run, point, result.ended_early.message), result };
    }
    return { row: rowOf(run, point, result), result };
  } catch (error) {
    return { row: failedRow(run, point, error instanceof Error ? error.message : String(error)), result: null };
  }
}
