import { basename, join } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../../config/config-error.ts";
import type { ReplayOptions } from "../../config/replay-options.ts";
import { mergedRows, writeSweep } from "../../sweep/merge.ts";
import { localDriver } from "../../sweep/local-pool.ts";
import type { QueueSettings } from "../../sweep/queue/queue-driver.ts";
import type { RunDriver } from "../../sweep/run-driver.ts";
import { shardOf, sweepPoints, type SweepPoint } from "../../sweep/sweep-plan.ts";
import type { SweepRow } from "../../sweep/sweep-row.ts";
import { keepTraceName, sharedTraceName } from "../../sweep/trace-name-file.ts";
import { exitCodes } from "../failure.ts";
import { listenForInterrupt, stoppingNote } from "../interrupt.ts";
import { parsed } from "../parse-command.ts";
import {
  parseSweepCommandLine,
  thresholdFrom,
  thresholdOption,
  type EmittedJob,
  type SweepCommandLine,
} from "../sweep-command-line.ts";
import { runsAtATime, toStderr } from "../runs-at-a-time.ts";
import { runsDone } from "../runs-done.ts";
import { SweepProgress } from "../sweep-progress.ts";

/** `windtunnel sweep`: many replays with varied settings; `windtunnel sweep merge`: shards become one. */
export async function run(args: string[]): Promise<number> {
  return args[0] === "merge" ? merge(args.slice(1)) : sweep(args);
}

async function sweep(args: string[]): Promise<number> {
  const given = await parseSweepCommandLine(args);
  if (given === null) return exitCodes.done;
  const all = sweepPoints(given.design);
  const points = given.shard === null ? all : shardOf(all, given.shard.index, given.shard.count);
  if (given.emit !== null || given.dryRun) {
    await checked(given, all);
    return given.emit === null ? dryRun(points) : emit(given.emit, all.length);
  }
  if (given.queue !== null) {
    const settings = { ...given.queue, out: given.out };
    return follow(given, await checked(given, all), points, (progress) => openQueue(settings, progress));
  }
  // The threads load their code while the settings are checked and the trace is read.
  const note = given.replay.quiet === true ? undefined : toStderr;
  const driver = localDriver(runsAtATime(given.parallel, points.length, note));
  try {
    return await follow(given, await checked(given, all), points, async () => driver);
  } finally {
    await driver.close();
  }
}

/** The base of the sweep, its documents read and every value of every axis checked. */
async function checked(given: SweepCommandLine, points: readonly SweepPoint[]): Promise<ReplayOptions> {
  const { checkPoints, withDocuments } = await import("../../sweep/check-points.ts");
  const base = await withDocuments(given.replay);
  await checkPoints(base, points);
  return base;
}

/** Runs a sweep, shows how it goes, and writes what came of it. */
async function follow(
  given: SweepCommandLine,
  base: ReplayOptions,
  points: readonly SweepPoint[],
  openDriver: (progress: SweepProgress) => Promise<RunDriver>,
): Promise<number> {
  const { runSweep } = await import("../../sweep/run-sweep.ts");
  const { out, keepResults } = given;
  const quiet = given.replay.quiet === true;
  const progress = new SweepProgress(points.length, !quiet);
  const interrupt = listenForInterrupt({ onDelay: () => stoppingNote(() => progress.clear()) });
  try {
    const outcome = await runSweep(
      { base, points, out, keepResults },
      { signal: interrupt.signal, onRow: (row, done) => progress.update(row, done) },
      () => openDriver(progress),
    );
    progress.clear();
    const trace = traceOf(base, points);
    await keepTraceName(out, trace);
    if (outcome.interrupted) {
      process.stderr.write(
        `windtunnel: interrupted; ${outcome.rows.length} of ${points.length} runs are in ${out}, the same command goes on from there\n`,
      );
      return exitCodes.interrupted;
    }
    await writeSweep(out, outcome.rows, {
      threshold: given.slaThreshold,
      trace,
      folders: [out],
    });
    if (given.queue !== null) await forgetQueue(out);
    if (!quiet) process.stdout.write(summary(outcome.rows, outcome.reused, out));
    return outcome.rows.some((row) => row.error !== null) ? exitCodes.failed : exitCodes.done;
  } finally {
    interrupt.release();
  }
}

/** Name of the trace of all runs; null when there is none, or it is varied. */
function traceOf({ trace }: ReplayOptions, points: readonly SweepPoint[]): string | null {
  if (trace === undefined || points.some(({ values }) => "run.trace" in values)) return null;
  return [trace]
    .flat()
    .map((path) => basename(path))
    .join(", ");
}

/** Loaded only for a sweep on a queue. */
async function openQueue(settings: QueueSettings, progress: SweepProgress): Promise<RunDriver> {
  const { QueueDriver } = await import("../../sweep/queue/queue-driver.ts");
  const driver = await QueueDriver.open(settings, (status) => progress.updateQueue(status));
  for (const warning of driver.warnings) process.stderr.write(`windtunnel: warning: ${warning}\n`);
  return driver;
}

async function forgetQueue(out: string): Promise<void> {
  const { forgetSweepIdentity } = await import("../../sweep/queue/sweep-identity.ts");
  forgetSweepIdentity(out);
}

const usualShards = 8;

/** Prints a job for a cluster's scheduler. */
async function emit(job: EmittedJob, runs: number): Promise<number> {
  const { kind, place } = job;
  const shards = job.shards ?? Math.min(usualShards, runs);
  if (shards > runs) {
    const message = `found ${shards}, expected at most ${runs}: no shard may be without a run`;
    throw new ConfigError([{ where: "--shards", message }]);
  }
  const sweep = { ...job.sweep, shards };
  if (kind === "slurm-array") {
    const { slurmArray } = await import("../../sweep/cluster/slurm-array.ts");
    process.stdout.write(slurmArray(sweep));
  } else {
    const { kubernetesJob } = await import("../../sweep/cluster/kubernetes-job.ts");
    process.stdout.write(kubernetesJob(sweep, place));
  }
  return exitCodes.done;
}

async function merge(args: string[]): Promise<number> {
  const command = new Command("windtunnel sweep merge")
    .description("Put the results of shards together.")
    .argument("<folders...>", "folders with the results.jsonl of each shard")
    .requiredOption("--out <DIR>", "folder of the whole sweep")
    .addOption(thresholdOption());
  const given = parsed(command, args);
  if (given === null) return exitCodes.done;
  const { out, threshold } = given.opts<{ out: string; threshold: string }>();
  const rows = mergedRows(given.args);
  const trace = sharedTraceName(given.args);
  await writeSweep(out, rows, { threshold: thresholdFrom(threshold), trace, folders: given.args });
  await keepTraceName(out, trace);
  const gaps = missingRuns(rows);
  if (gaps !== "") {
    process.stderr.write(`note: ${gaps}: the folder of a shard was left out, or its sweep has not ended\n`);
  }
  process.stdout.write(summary(rows, 0, out));
  return rows.some((row) => row.error !== null) ? exitCodes.failed : exitCodes.done;
}

/** Which runs of the plan are not there, as far as the rows tell: those beyond the last one are not known. */
function missingRuns(rows: readonly SweepRow[]): string {
  const there = new Set(rows.map(({ index }) => index));
  const last = rows.reduce((most, { index }) => Math.max(most, index), 0);
  const missing = Array.from({ length: last }, (_, index) => index).filter((index) => !there.has(index));
  if (missing.length === 0) return "";
  const [runs, are] = missing.length === 1 ? ["run", "is"] : ["runs", "are"];
  return `${runs} ${missing.slice(0, 8).join(", ")}${missing.length > 8 ? ", …" : ""} ${are} missing`;
}

function dryRun(points: readonly SweepPoint[]): number {
  for (const { index, values, repeat } of points) {
    const settings = Object.entries(values).map(([key, value]) => `${key}=${String(value)}`);
    process.stdout.write(`${index}\t${settings.join(" ")}${repeat > 0 ? `\trepeat ${repeat}` : ""}\n`);
  }
  process.stderr.write(`${points.length} runs\n`);
  return exitCodes.done;
}

function summary(rows: readonly SweepRow[], reused: number, out: string): string {
  const failed = rows.filter((row) => row.error !== null);
  const lines = failed
    .slice(0, 20)
    .map((row) => `failed: run ${row.index} ${JSON.stringify(row.values)}: ${row.error}`);
  if (failed.length > 20) lines.push(`… and ${failed.length - 20} more`);
  lines.push(
    runsDone(rows.length - failed.length, failed.length, reused),
    `Saved results to: ${out} (page: ${join(out, "index.html")})`,
  );
  return `${lines.join("\n")}\n`;
}
