import { join } from "node:path";
import { Command } from "commander";
import { ConfigError } from "../../config/config-error.ts";
import { suggestion } from "../../config/nearest-name.ts";
import type { ReplayOptions } from "../../config/replay-options.ts";
import { resolveReplay } from "../../config/resolve-replay.ts";
import { recommendationText } from "../../recommend/recommendation-text.ts";
import { recommend, checkDivisible } from "../../recommend/run-recommend.ts";
import { recommendable, searchFamilies } from "../../recommend/search-space.ts";
import type { Family } from "../../recommend/search-space.ts";
import { splitTrace } from "../../recommend/trace-halves.ts";
import { loadWorkload } from "../../replay.ts";
import { madeUpTimes } from "../../report/made-up-times.ts";
import { writeFileAtomically } from "../../report/atomic-file.ts";
import type { RunConfig } from "../../simulation/run-config.ts";
import { withDocuments } from "../../sweep/check-points.ts";
import { exitCodes } from "../failure.ts";
import { listenForInterrupt, stoppingNote } from "../interrupt.ts";
import { parseWithReplayOptions } from "../replay-command-line.ts";
import { refuseReports, singleReports } from "../single-reports.ts";
import { OptionReader, outputFolder } from "../option-reader.ts";
import { parallelFrom, runsAtATime, toStderr } from "../runs-at-a-time.ts";
import { SweepProgress } from "../sweep-progress.ts";
import { whole } from "../whole-number.ts";

interface Options {
  readonly attainment: string;
  readonly margin: string;
  readonly stress: string;
  readonly policies?: string;
  readonly topologies: string;
  readonly tp?: string;
  readonly maxGpus?: string;
  readonly split: string;
  readonly runs: string;
  readonly alternatives: string;
  readonly parallel?: string;
  readonly out: string;
}

const examples = `
--json prints recommendation.json instead of the text.

Example:
  windtunnel recommend trace.jsonl --planner-config planner.yaml --attainment 0.95 --topologies agg,disagg --max-gpus 16
`;

function recommendCommand(): Command {
  return new Command("windtunnel recommend")
    .description(
      "Search policies, their knobs and topologies for the cheapest setting that holds an attainment: tuned on the first part of a trace, reported on the rest. Takes the options of windtunnel replay; what they set is the base.",
    )
    .option("--attainment <SHARE>", "share of requests that must meet the SLA bounds", "0.9")
    .option("--margin <SHARE>", "how much more a setting must attain while tuning", "0.01")
    .option("--stress <X>", "finalists must also hold with arrivals so many times as fast; 1 = no such test", "1.2")
    .option("--policies <LIST>", `policies to search (default: ${recommendable().join(",")})`)
    .option("--topologies <LIST>", "agg, disagg or both", "agg")
    .option("--tp <LIST>", "tensor parallel sizes to try (default: that of the engine arguments)")
    .option("--max-gpus <N>", "most GPUs at a time (default: max_gpu_budget of the planner configuration, or 8)")
    .option("--split <SHARE>", "share of the trace's time that settings are tuned on", "0.5")
    .option("--runs <N>", "runs to spend on the search; tests of what it found come on top", "200")
    .option("--alternatives <N>", "settings to report, beside the best of each policy and topology", "8")
    .option("--parallel <N>", "runs at a time (default: the cores of this machine)")
    .option("--out <DIR>", "folder of recommendation.md, recommendation.json and results.jsonl", "windtunnel-recommend")
    .addHelpText("after", examples);
}

/** `windtunnel recommend`: the cheapest setting that holds, with its evidence. */
export async function run(args: string[]): Promise<number> {
  const given = parseWithReplayOptions(recommendCommand(), args, singleReports);
  if (given === null) return exitCodes.done;
  const own = given.own as unknown as Options;
  const { quiet = false, json = false, ...replay } = given.replay;
  const settings = readSettings(own, replay);
  const { attainment, margin, stress, runs, out } = settings;
  const question = await questionOf(settings, await withDocuments(replay));
  const { base, halves } = question;
  const progress = new SweepProgress(runs, !quiet);
  const interrupt = listenForInterrupt({ onDelay: () => stoppingNote(() => progress.clear()) });
  try {
    const found = await recommend(
      {
        ...question,
        attainment,
        margin,
        runs,
        seed: base.seed ?? 0,
        stress,
        parallel: runsAtATime(settings.parallel, runs, quiet ? undefined : toStderr),
        out,
        alternatives: settings.alternatives,
      },
      { signal: interrupt.signal, onRun: (row, done) => progress.update(row, done) },
    );
    progress.clear();
    if (found.interrupted) {
      process.stderr.write(
        `windtunnel: interrupted; the runs done are in ${out}, the same command goes on from there\n`,
      );
      return exitCodes.interrupted;
    }
    const text = recommendationText(found, {
      traces: [base.trace ?? []].flat(),
      splitSeconds: halves.splitSeconds,
      attainment,
      margin,
      stress,
      ttftMs: base.slaTtftMs ?? null,
      itlMs: base.slaItlMs ?? null,
      gpuPrice: base.gpuPrice ?? null,
      caution: madeUpTimes(question.config),
    });
    const document = `${JSON.stringify(found, null, 2)}\n`;
    await writeFileAtomically(join(out, "recommendation.md"), [text]);
    await writeFileAtomically(join(out, "recommendation.json"), [document]);
    if (json) process.stdout.write(document);
    else if (!quiet) process.stdout.write(`${text}\nSaved recommendation to: ${out}\n`);
    return found.ranking.length === 0 ? exitCodes.failed : exitCodes.done;
  } finally {
    interrupt.release();
  }
}

/** What is searched, and on which requests. @throws ConfigError, TraceError */
async function questionOf(settings: ReturnType<typeof readSettings>, replay: ReplayOptions) {
  const read = await sizedToFit(replay, settings.tp);
  const { written, given, base, maxGpus } = searchBase(read, settings.maxGpus);
  const families = await searchFamilies({
    policies: settings.policies,
    topologies: settings.topologies,
    tensorParallel: settings.tp ?? [sizeOf(read)],
    maxGpus,
    ttftMs: base.slaTtftMs ?? null,
    itlMs: base.slaItlMs ?? null,
  });
  if (families.length === 0) {
    throw new ConfigError([{ where: "--max-gpus", message: `found ${maxGpus}, which no topology of --tp fits into` }]);
  }
  // The budget of the search need not hold the engines as they were written: it may be about smaller ones.
  const resolved = await resolveReplay(written);
  const trace = await loadWorkload(resolved);
  checkDivisible(trace);
  const halves = splitTrace(trace, settings.split);
  const givenFits = settings.maxGpus === null || fleetGpus(resolved.run.topology) <= settings.maxGpus;
  return { base, given, givenFits, families, halves, config: resolved.context.config };
}

/**
 * Engine arguments that leave their size to --tp get the largest of it where the model does not fit as it is written.
 * @throws ConfigError
 */
async function sizedToFit(replay: ReplayOptions, sizes: readonly number[] | null): Promise<ReplayOptions> {
  const keys = (["extraEngineArgs", "prefillEngineArgs", "decodeEngineArgs"] as const).filter(
    (key) => typeof replay[key] === "object" && !("aic_tp_size" in replay[key]),
  );
  if (sizes === null || keys.length === 0) return replay;
  try {
    await resolveReplay(replay);
    return replay;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const sized = keys.map((key) => [key, { ...(replay[key] as object), aic_tp_size: Math.max(...sizes) }]);
    const larger = { ...replay, ...(Object.fromEntries(sized) as ReplayOptions) };
    try {
      await resolveReplay(larger);
    } catch {
      // Then size is not what is wrong, or not all: the mistakes are told as they are.
      throw error;
    }
    return larger;
  }
}

/** GPUs of all workers a run begins with. */
function fleetGpus(topology: RunConfig["topology"]): number {
  if (topology.mode === "agg") return topology.numWorkers * topology.engine.gpusPerWorker;
  const { numPrefillWorkers, prefillEngine, numDecodeWorkers, decodeEngine } = topology;
  return numPrefillWorkers * prefillEngine.gpusPerWorker + numDecodeWorkers * decodeEngine.gpusPerWorker;
}

/** The search's own options. @throws ConfigError with every mistake found */
function readSettings(own: Options, replay: ReplayOptions) {
  const options = new OptionReader();
  options.read(() => refuseReports(replay, "--out says where results go"));
  const settings = {
    attainment: options.read(() => share(own.attainment, "--attainment")),
    margin: options.read(() => share(own.margin, "--margin", true)),
    stress: options.read(() => atLeastOne(own.stress, "--stress")),
    split: options.read(() => share(own.split, "--split")),
    parallel: options.read(() => parallelFrom(own.parallel)),
    runs: options.read(() => whole(own.runs, "--runs", 1)),
    alternatives: options.read(() => whole(own.alternatives, "--alternatives", 1)),
    policies: options.read(() => policiesOf(own.policies)),
    topologies: options.read(() => topologiesOf(own.topologies)),
    out: options.read(() => outputFolder(own.out, "--out")),
    tp: own.tp === undefined ? null : options.read(() => sizesFrom(own.tp!)),
    maxGpus: own.maxGpus === undefined ? null : options.read(() => whole(own.maxGpus!, "--max-gpus", 1)),
  };
  options.throwIfAny();
  return settings;
}

/**
 * The options as they were written, as they are run for comparison (within the GPUs there are) and as every setting is
 * put into, all with the bounds requests are judged by; and the GPUs there are.
 */
function searchBase(
  read: ReplayOptions,
  maxGpus: number | null,
): Record<"written" | "given" | "base", ReplayOptions> & { readonly maxGpus: number } {
  const planner = (read.plannerConfig ?? {}) as Readonly<Record<string, unknown>>;
  const written: ReplayOptions = { ...read, ...judgedBy(read, planner) };
  if (maxGpus === null) return { written, given: written, base: written, maxGpus: budgetOf(planner) };
  // Without a planner of the user's the budget makes none of what was given, and has to say of which mode it is.
  const isOwn = read.plannerConfig !== undefined;
  const mode = read.prefillEngineArgs === undefined && read.decodeEngineArgs === undefined ? "agg" : "disagg";
  const base = { ...written, plannerConfig: { ...(isOwn ? planner : { mode }), max_gpu_budget: maxGpus } };
  return { written, given: isOwn ? base : written, base, maxGpus };
}

/** Bounds that requests are judged by: those of the flags, else the planner's. */
function judgedBy(replay: ReplayOptions, planner: Readonly<Record<string, unknown>>): Partial<ReplayOptions> {
  const { slaTtftMs, slaItlMs } = replay;
  if (slaTtftMs !== undefined || slaItlMs !== undefined) return {};
  const bound = (...keys: string[]): number | undefined =>
    keys.map((key) => planner[key]).find((value): value is number => typeof value === "number");
  const [ttft, itl] = [bound("ttft_ms", "ttft"), bound("itl_ms", "itl")];
  if (ttft === undefined && itl === undefined) {
    throw new ConfigError([
      {
        where: "",
        message: "give --sla-ttft-ms and --sla-itl-ms, or ttft_ms and itl_ms of --planner-config: what is to be held?",
      },
    ]);
  }
  return { ...(ttft === undefined ? {} : { slaTtftMs: ttft }), ...(itl === undefined ? {} : { slaItlMs: itl }) };
}

function budgetOf(planner: Readonly<Record<string, unknown>>): number {
  const budget = planner["max_gpu_budget"];
  return typeof budget === "number" && budget > 0 ? budget : 8;
}

function policiesOf(given: string | undefined): string[] {
  const known = recommendable();
  if (given === undefined) return known;
  const names = given.split(",").map((name) => name.trim());
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      unknown.map((name) => ({
        where: "--policies",
        message: `unknown policy "${name}"${suggestion(name, known)}; known: ${known.join(", ")}`,
      })),
    );
  }
  return [...new Set(names)];
}

function topologiesOf(given: string): Family["topology"][] {
  const names = given.split(",").map((name) => name.trim());
  const wrong = names.find((name) => name !== "agg" && name !== "disagg");
  if (wrong !== undefined) {
    throw new ConfigError([{ where: "--topologies", message: `found "${wrong}", expected agg, disagg or agg,disagg` }]);
  }
  return [...new Set(names)] as Family["topology"][];
}

function sizesFrom(given: string): number[] {
  return [...new Set(given.split(",").map((size) => whole(size, "--tp", 1)))];
}

/** Tensor parallel size of the engine arguments. */
function sizeOf({ extraEngineArgs, decodeEngineArgs }: ReplayOptions): number {
  const engine = (extraEngineArgs ?? decodeEngineArgs ?? {}) as { readonly aic_tp_size?: unknown };
  return typeof engine.aic_tp_size === "number" ? engine.aic_tp_size : 1;
}

function share(text: string, flag: string, zero = false): number {
  const value = Number(text);
  if (text.trim() !== "" && value <= 1 && (zero ? value >= 0 : value > 0)) return value;
  throw new ConfigError([
    { where: flag, message: `found "${text}", expected a share ${zero ? "from 0" : "above 0"} to 1` },
  ]);
}

function atLeastOne(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 1) return value;
  throw new ConfigError([{ where: flag, message: `found "${text}", expected a number of at least 1` }]);
}
