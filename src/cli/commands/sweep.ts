import { availableParallelism } from "node:os";
import { Command } from "commander";
import { ConfigError } from "../../config/config-error.ts";
import { AxisError, parseAxis } from "../../sweep/axis.ts";
import { mergedRows, writeSweep } from "../../sweep/merge.ts";
import { checkPoints, runSweep, withDocuments } from "../../sweep/run-sweep.ts";
import { shardOf, sweepPoints, type SweepDesign, type SweepPoint } from "../../sweep/sweep-plan.ts";
import type { SweepRow } from "../../sweep/sweep-row.ts";
import { exitCodes } from "../failure.ts";
import { parsed } from "../parse-command.ts";
import { parseWithReplayOptions } from "../replay-command-line.ts";
import { SweepProgress } from "../sweep-progress.ts";

/** `windtunnel sweep`: many replays with varied settings; `windtunnel sweep merge`: shards become one. */
export async function run(args: string[]): Promise<number> {
  return args[0] === "merge" ? merge(args.slice(1)) : sweep(args);
}

interface OwnOptions {
  readonly vary: readonly string[];
  readonly zip: readonly string[];
  readonly samples?: string;
  readonly sampling: string;
  readonly repeats: string;
  readonly parallel?: string;
  readonly out: string;
  readonly shard?: string;
  readonly keepResults?: boolean;
  readonly dryRun?: boolean;
}

function sweepCommand(): Command {
  const collect = (value: string, before: string[]) => [...before, value];
  return new Command("windtunnel sweep")
    .description("Run many replays with varied settings. Takes every option of windtunnel replay beside its own.")
    .option("--vary <KEY=RANGE>", "what to vary, e.g. engine.startup_time=0:300:10; repeat for more axes", collect, [])
    .option("--zip <KEYS>", "axes whose values go together instead of being crossed: KEY,KEY", collect, [])
    .option("--samples <N>", "draw N points instead of running the whole grid")
    .option("--sampling <HOW>", "how points are drawn: latin-hypercube or random", "latin-hypercube")
    .option("--repeats <N>", "runs of every point, each with a seed of its own", "1")
    .option("--parallel <N>", "runs at a time (default: the cores of this machine)")
    .option("--out <DIR>", "folder of results.jsonl, results.csv and runs/", "windtunnel-sweep")
    .option("--shard <I/N>", "run only every N-th point, starting with the I-th (1/N … N/N)")
    .option("--keep-results", "write the full result of every run to runs/")
    .option("--dry-run", "list the runs and stop");
}

async function sweep(args: string[]): Promise<number> {
  const parsedArgs = parseWithReplayOptions(sweepCommand(), args);
  if (parsedArgs === null) return exitCodes.done;
  const own = parsedArgs.own as unknown as OwnOptions;
  const design: SweepDesign = {
    axes: own.vary.map(parseAxis),
    zipped: own.zip.map((keys) => keys.split(",").map((key) => key.trim())),
    samples: own.samples === undefined ? null : whole(own.samples, "--samples", 1),
    sampling: samplingOf(own.sampling),
    repeats: whole(own.repeats, "--repeats", 1),
    seed: parsedArgs.replay.seed ?? 42,
  };
  if (design.axes.length === 0)
    throw new AxisError("give at least one --vary KEY=RANGE, e.g. --vary engine.startup_time=0:300:10");
  const base = await withDocuments(parsedArgs.replay);
  const all = sweepPoints(design);
  await checkPoints(base, all);
  const points = own.shard === undefined ? all : shard(all, own.shard);
  if (own.dryRun === true) return dryRun(points);

  const parallel = own.parallel === undefined ? availableParallelism() : whole(own.parallel, "--parallel", 1);
  const controller = new AbortController();
  const onInterrupt = () => controller.abort();
  process.on("SIGINT", onInterrupt);
  const progress = new SweepProgress(points.length, parsedArgs.replay.quiet !== true);
  try {
    const request = { base, points, out: own.out, parallel, keepResults: own.keepResults === true };
    const outcome = await runSweep(request, {
      signal: controller.signal,
      onRow: (row, done) => progress.update(row, done),
    });
    progress.clear();
    if (outcome.interrupted) {
      process.stderr.write(
        `windtunnel: interrupted; ${outcome.rows.length} of ${points.length} runs are in ${own.out}, the same command goes on from there\n`,
      );
      return exitCodes.interrupted;
    }
    await writeSweep(own.out, outcome.rows);
    if (parsedArgs.replay.quiet !== true) process.stdout.write(summary(outcome.rows, outcome.reused, own.out));
    return outcome.rows.some((row) => row.error !== null) ? exitCodes.failed : exitCodes.done;
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

async function merge(args: string[]): Promise<number> {
  const command = new Command("windtunnel sweep merge")
    .description("Put the results of shards together.")
    .argument("<folders...>", "folders with the results.jsonl of each shard")
    .requiredOption("--out <DIR>", "folder of the whole sweep");
  const given = parsed(command, args);
  if (given === null) return exitCodes.done;
  const { out } = given.opts<{ out: string }>();
  const rows = mergedRows(given.args);
  await writeSweep(out, rows);
  process.stdout.write(summary(rows, 0, out));
  return rows.some((row) => row.error !== null) ? exitCodes.failed : exitCodes.done;
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
  const kept = reused > 0 ? `, ${reused} of them from before` : "";
  lines.push(`${rows.length - failed.length} runs done${kept}, ${failed.length} failed`, `Saved results to: ${out}`);
  return `${lines.join("\n")}\n`;
}

function shard(points: readonly SweepPoint[], text: string): SweepPoint[] {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const index = Number(match?.[1]);
  const count = Number(match?.[2]);
  if (match === null || index < 1 || index > count) {
    throw new ConfigError([{ where: "--shard", message: `found "${text}", expected I/N with 1 ≤ I ≤ N such as 2/8` }]);
  }
  return shardOf(points, index - 1, count);
}

function whole(text: string, flag: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new ConfigError([{ where: flag, message: `found "${text}", expected a whole number of at least ${least}` }]);
}

function samplingOf(text: string): SweepDesign["sampling"] {
  if (text === "random" || text === "latin-hypercube") return text;
  throw new ConfigError([{ where: "--sampling", message: `found "${text}", expected latin-hypercube or random` }]);
}
