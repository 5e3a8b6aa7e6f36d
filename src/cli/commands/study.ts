import { join } from "node:path";
import { Command } from "commander";
import { readBounds } from "../../study/bounds-file.ts";
import { checkedStudy, runStudy, writeStudy } from "../../study/run-study.ts";
import { checkTraceFiles, readStudyPlan } from "../../study/study-plan.ts";
import { studyPoints } from "../../study/study-points.ts";
import { exitCodes } from "../failure.ts";
import { listenForInterrupt, stoppingNote } from "../interrupt.ts";
import { parsed } from "../parse-command.ts";
import { OptionReader, outputFolder } from "../option-reader.ts";
import { parallelFrom, runsAtATime, toStderr } from "../runs-at-a-time.ts";
import { runsDone } from "../runs-done.ts";
import { SweepProgress } from "../sweep-progress.ts";

interface Options {
  readonly plan: string;
  readonly traces?: string;
  readonly oracle?: string;
  readonly out: string;
  readonly parallel?: string;
  readonly quiet?: boolean;
  readonly dryRun?: boolean;
}

function studyCommand(): Command {
  return new Command("windtunnel study")
    .description(
      "Set autoscaling policies side by side: every policy of a plan on every trace, start-up time and seed, against fixed fleets.",
    )
    .requiredOption(
      "--plan <FILE>",
      "YAML or JSON file with traces, policies, startup_times, seeds, static_fleets, replay",
    )
    .option("--traces <DIR>", "folder of the plan's trace files (default: the plan's own)")
    .option("--oracle <FILE>", "bounds to compare with: [{trace, startup_seconds, points: [{attainment, gpu_hours}]}]")
    .option("--parallel <N>", "runs at a time (default: the cores of this machine)")
    .option(
      "--out <DIR>",
      "folder of index.html, study.md, overview.md, results.jsonl and results.csv",
      "windtunnel-study",
    )
    .option("--dry-run", "list the runs and stop")
    .option("--quiet", "print nothing but errors");
}

/** `windtunnel study`: which autoscaler should I run? */
export async function run(args: string[]): Promise<number> {
  const given = parsed(studyCommand(), args);
  if (given === null) return exitCodes.done;
  const options = given.opts<Options>();
  const reader = new OptionReader();
  const parallel = reader.read(() => parallelFrom(options.parallel));
  const out = reader.read(() => outputFolder(options.out, "--out"));
  const { oracle } = options;
  const bounds = oracle === undefined ? [] : await reader.readLater(() => readBounds(oracle));
  const read = await reader.readLater(() => readStudyPlan(options.plan, options.traces ?? null));
  // A plan that cannot be read has nothing in it to check.
  const plan = read && (await reader.readLater(() => checkedStudy(read)));
  if (read !== undefined) reader.read(() => checkTraceFiles(read));
  reader.throwIfAny();
  const points = studyPoints(plan);
  if (options.dryRun === true) {
    for (const { index, values } of points) {
      const settings = Object.entries(values).map(([key, value]) => `${key}=${value === null ? "any" : String(value)}`);
      process.stdout.write(`${index}\t${settings.join(" ")}\n`);
    }
    process.stderr.write(`${points.length} runs\n`);
    return exitCodes.done;
  }
  const quiet = options.quiet === true;
  const progress = new SweepProgress(points.length, !quiet);
  const interrupt = listenForInterrupt({ onDelay: () => stoppingNote(() => progress.clear()) });
  try {
    const outcome = await runStudy(
      { plan, out, parallel: runsAtATime(parallel, points.length, quiet ? undefined : toStderr) },
      { signal: interrupt.signal, onRow: (row, done) => progress.update(row, done) },
    );
    progress.clear();
    if (outcome.interrupted) {
      process.stderr.write(
        `windtunnel: interrupted; ${outcome.rows.length} of ${points.length} runs are in ${out}, the same command goes on from there\n`,
      );
      return exitCodes.interrupted;
    }
    const markdown = await writeStudy(out, plan, outcome.rows, bounds);
    const failed = outcome.rows.filter(({ error }) => error !== null);
    if (!quiet) {
      process.stdout.write(markdown);
      for (const { values, error } of failed.slice(0, 20)) {
        process.stdout.write(`failed: ${JSON.stringify(values)}: ${error}\n`);
      }
      const done = runsDone(outcome.rows.length - failed.length, failed.length, outcome.reused);
      process.stdout.write(`\n${done}\nSaved study to: ${out} (page: ${join(out, "index.html")})\n`);
    }
    return failed.length > 0 ? exitCodes.failed : exitCodes.done;
  } finally {
    interrupt.release();
  }
}
