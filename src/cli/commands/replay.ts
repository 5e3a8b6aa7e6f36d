import { replayOptions } from "../../config/replay-option-table.ts";
import { optionKey, type ReplayOptions } from "../../config/replay-options.ts";
import { resolveReplay } from "../../config/resolve-replay.ts";
import type { ResolvedReplay } from "../../config/resolve-replay.ts";
import { loadWorkload, runReplay } from "../../replay.ts";
import { aiperfTable, scalingEventLines } from "../../report/aiperf-table.ts";
import { OutputError, writeFileAtomically } from "../../report/atomic-file.ts";
import { requestRows } from "../../report/request-rows.ts";
import { resultJson } from "../../report/result-json.ts";
import type { RunResult } from "../../result/schema.ts";
import { exitCodes } from "../failure.ts";
import { listenForInterrupt } from "../interrupt.ts";
import { checkAllWritable, checkOutputs, type NamedFile } from "../output-paths.ts";
import { ProgressLine } from "../progress-line.ts";
import { parseReplayCommandLine } from "../replay-command-line.ts";
import { madeUpTimes } from "../../report/made-up-times.ts";
import { slaLine, twoSlasNote } from "../sla-lines.ts";
import { plannerPagePath, resultPath } from "../report-paths.ts";

/** `windtunnel replay`: simulate, write the reports, print the table. */
export async function run(args: string[]): Promise<number> {
  const given = parseReplayCommandLine(args);
  if (given === null) return exitCodes.done;
  const options = withEnvironment(given);
  const quiet = options.quiet === true;
  // While the trace is being read there is nothing to save: the first Ctrl-C ends the process.
  let reading = true;
  const interruption = listenForInterrupt({
    onFirst: () => {
      if (reading) process.exit(exitCodes.interrupted);
    },
  });
  try {
    const resolved = await resolveReplay(options);
    const paths = reportPaths(options, resolved);
    checkReports(paths, options);
    const trace = await loadWorkload(resolved);
    reading = false;
    const progress = new ProgressLine(!quiet);
    const { outcome, result } = await runReplay(resolved, trace, {
      signal: interruption.signal,
      onProgress: (state) => progress.update(state),
    });
    progress.clear();

    if (paths.json !== null) await writeFileAtomically(paths.json, resultJson(result));
    if (paths.jsonl !== null) {
      await writeFileAtomically(paths.jsonl, requestRows(outcome, resolved.run.replayConcurrency !== null));
    }
    if (paths.html !== null) {
      const { renderHtmlReport } = await import("../../report/html-report.ts");
      await writeFileAtomically(paths.html, [renderHtmlReport(result)]);
    }
    if (paths.html !== null && result.planner !== null && resolved.plannerReport?.writeGzipLog !== false) {
      await writePlannerLog(result, paths.html);
    }
    const told = quiet ? failure(result) : [...remarks(result), twoSlasNote(resolved)].filter((line) => line !== null);
    for (const line of told) process.stderr.write(`${line}\n`);
    if (options.json === true) for (const piece of resultJson(result)) process.stdout.write(piece);
    else if (!quiet) process.stdout.write(printed(result, paths));
    const verdict = quiet ? null : slaLine(result);
    if (verdict !== null) {
      const caution = madeUpTimes(result.config);
      if (caution !== null) process.stderr.write(`note: ${caution}\n`);
      process.stderr.write(`${verdict}\n`);
    }
    return exitCode(result);
  } finally {
    interruption.release();
  }
}

/** The one variable of the environment the reference's replay reads: what `--router-policy-config` is without the flag. */
function withEnvironment(given: ReplayOptions): ReplayOptions {
  const routerPolicyConfig = process.env["DYN_ROUTER_POLICY_CONFIG"];
  if (!routerPolicyConfig || given.routerPolicyConfig !== undefined) return given;
  // Told before anything can fail over it: the errors name the flag.
  if (given.quiet !== true)
    process.stderr.write(`note: --router-policy-config is ${routerPolicyConfig}, from DYN_ROUTER_POLICY_CONFIG\n`);
  return { ...given, routerPolicyConfig };
}

interface ReportPaths {
  readonly json: string | null;
  readonly jsonl: string | null;
  readonly html: string | null;
}

function reportPaths(
  { reportJson, reportJsonl, reportHtml, json }: ReplayOptions,
  { run, plannerReport }: ResolvedReplay,
): ReportPaths {
  const now = new Date();
  const written = run.planner !== null && plannerReport?.enabled !== false;
  return {
    json: json === true && reportJson === undefined ? null : resultPath(reportJson, now),
    jsonl: reportJsonl ?? null,
    html: reportHtml ?? (written ? plannerPagePath(plannerReport, now) : null),
  };
}

/** Paths that cannot be written, or should not, are told before anything runs, as bad input. @throws ConfigError */
function checkReports({ json, jsonl, html }: ReportPaths, options: ReplayOptions): void {
  const reports = { "--report-json": json, "--report-jsonl": jsonl, "--report-html": html };
  const outputs = Object.entries(reports).flatMap(([role, path]) => (path === null ? [] : [{ role, path }]));
  checkOutputs(outputs, filesRead(options));
  checkAllWritable(outputs);
}

/** What the options name that may be a file. */
function filesRead({ trace, ...options }: ReplayOptions): NamedFile[] {
  const traces = (typeof trace === "string" ? [trace] : (trace ?? [])).map((path) => ({ role: "the trace", path }));
  const documents = replayOptions.flatMap(({ flag, kind }) => {
    const given = options[optionKey(flag) as keyof typeof options];
    if (typeof given !== "string" || (kind !== "document" && flag !== "policy")) return [];
    return [{ role: `what --${flag} reads`, path: given.replace(/^@/, "") }];
  });
  return [...traces, ...documents];
}

/** The planner's log beside its page. Only a copy of what the result holds: a run is not lost over it. */
async function writePlannerLog(result: RunResult, page: string): Promise<void> {
  const { plannerLog, plannerLogPath } = await import("../../report/planner-log.ts");
  const rows = plannerLog(result, page);
  if (rows === null) return;
  try {
    await writeFileAtomically(plannerLogPath(page), rows);
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    process.stderr.write(`warning: ${error.message}\n`);
  }
}

/** What stdout shows, line for line as the reference prints it. */
function printed(result: RunResult, paths: ReportPaths): string {
  const { planner } = result;
  return (
    `${scalingEventLines(result.scaling_events)}${aiperfTable(result)}\n` +
    `Saved full report to: ${paths.json}\n` +
    (planner === null ? "" : `Planner ticks: ${planner.ticks.length}\n`) +
    (paths.html === null ? "" : `${planner === null ? "HTML report" : "Planner diagnostics report"}: ${paths.html}\n`)
  );
}

/** What stderr tells beside the progress. */
function remarks(result: RunResult): string[] {
  const lines = [
    ...result.trace.notes.map((note) => `note: ${note}`),
    ...result.warnings.map((warning) => `warning: ${warning}`),
  ];
  const lost = result.rejected_requests + result.failed_requests;
  if (lost > 0) {
    const reasons = Object.entries(result.failure_reasons).map(([reason, count]) => `${reason}: ${count}`);
    lines.push(`warning: ${lost} of ${result.num_requests} requests rejected or failed (${reasons.join(", ")})`);
  }
  if (result.ended_early !== null) lines.push(`warning: ended early: ${result.ended_early.message}`);
  return lines;
}

/** All that `--quiet` lets through: why the exit code is not 0. */
function failure(result: RunResult): string[] {
  const { ended_early: ended } = result;
  return ended === null || exitCode(result) === exitCodes.done ? [] : [`windtunnel: ended early: ${ended.message}`];
}

function exitCode({ ended_early: ended }: RunResult): number {
  if (ended?.kind === "interrupted") return exitCodes.interrupted;
  return ended?.kind === "planner_error" ? exitCodes.failed : exitCodes.done;
}
