import { ConfigError } from "../../config/config-error.ts";
import { resolveEngine } from "../../config/resolve-engine.ts";
import type { ValidatedEngineArgs } from "../../config/validated-engine-args.ts";
import { calibrationDeployment } from "../../perf/calibration/calibration-file.ts";
import type { CalibrationFile, CalibrationFit } from "../../perf/calibration/calibration-file.ts";
import { CalibratedPerfModel } from "../../perf/calibration/calibrated-perf-model.ts";
import type { CalibrationFactors } from "../../perf/calibration/calibrated-perf-model.ts";
import { fitPasses } from "../../perf/calibration/fit-passes.ts";
import type { MeasuredPass } from "../../perf/calibration/fit-passes.ts";
import { fitRun, runErrors } from "../../perf/calibration/fit-runs.ts";
import type { RequestTimes } from "../../perf/calibration/fit-runs.ts";
import { readTruthTable, TruthTableError, type TruthTable } from "../../perf/check/truth-table.ts";
import { measuredRun } from "../../perf/calibration/measured-run.ts";
import { measuredPasses } from "../../perf/calibration/measured-passes.ts";
import { resolveAicDeployment } from "../../perf/resolve.ts";
import { StepPerfModel } from "../../perf/step-perf-model.ts";
import { writeFileAtomically } from "../../report/atomic-file.ts";
import type { Trace } from "../../trace/trace.ts";
import { exitCodes } from "../failure.ts";
import { OptionReader } from "../option-reader.ts";
import { checkAllWritable, checkOutputs } from "../output-paths.ts";
import { simulateRun, workersOf } from "./simulate-run.ts";
import { engineArgsOf, engineCommand, parseCommand, textTable, underShortcuts } from "./perf-command-line.ts";

interface Calibration {
  readonly factors: CalibrationFactors;
  readonly fit: CalibrationFit;
}

/** `windtunnel perf calibrate FILE`: factors that bring the model to a user's measurements, as a profile. */
export async function run(args: string[]): Promise<number> {
  const command = engineCommand(
    "calibrate",
    "Fit the model to measured passes or a measured run; writes a profile for planner_profile_data.",
  )
    .argument(
      "<file>",
      "CSV of passes (phase, batch, isl, prefix, context, latency_ms) or of requests (arrival_ms, input_length, output_length, first_token_ms, last_token_ms)",
    )
    .option("--out <FILE>", "where the profile goes", "calibration.json")
    .option("--workers <N>", "workers behind a measured run", "1")
    .option("--fit-share <0..1>", "share of the rows to fit to; the others judge the fit", "0.5")
    .option("--json", "print JSON");
  const parsed = parseCommand(command, args);
  if (parsed === null) return exitCodes.done;
  const { positional, options } = parsed;
  const reader = new OptionReader();
  const engine = await reader.readLater(() => underShortcuts(options, () => deployedEngine(options)));
  const share = reader.number(
    "--fit-share",
    String(options["fitShare"]),
    "a number above 0 and up to 1",
    (value) => value > 0 && value <= 1,
  )!;
  const workers = reader.read(() => workersOf(options["workers"]));
  const table = await reader.readLater(() => measurements(positional[0]!));
  const out = String(options["out"]);
  const outputs = [{ role: "--out", path: out }];
  reader.read(() => checkOutputs(outputs, [{ role: "the file of measurements", path: positional[0]! }]));
  reader.throwIfAny();
  checkAllWritable(outputs);
  const calibration = await underShortcuts(options, () =>
    table.columns.includes("latency_ms")
      ? calibratePasses(measuredPasses(table), engine, share, table.path)
      : calibrateRun(measuredRun(table), engine, workers, share, table.path),
  );
  const file: CalibrationFile = {
    kind: "windtunnel-calibration",
    version: 1,
    deployment: calibrationDeployment(await resolveAicDeployment(engine)),
    ...calibration,
  };
  const document = `${JSON.stringify(file, null, 2)}\n`;
  await writeFileAtomically(out, [document]);
  process.stdout.write(options["json"] === true ? document : text(file, out));
  return exitCodes.done;
}

/** Engine arguments that name what is calibrated. @throws ConfigError */
async function deployedEngine(options: Readonly<Record<string, unknown>>): Promise<ValidatedEngineArgs> {
  const engine = await engineArgsOf(options);
  if (engine.aic !== null) return engine;
  const message = "perf calibrate needs --backend, --system and --model (or aic_* in --extra-engine-args)";
  throw new ConfigError([{ where: "", message }]);
}

/** The measured rows. @throws ConfigError for a file that cannot be read */
async function measurements(path: string): Promise<TruthTable> {
  try {
    return await readTruthTable(path);
  } catch (error) {
    if (!(error instanceof TruthTableError)) throw error;
    throw new ConfigError([{ where: "", message: error.message }]);
  }
}

/**
 * Spreads the chosen share evenly over the rows, out of step with anything that alternates (ranks, grids): multiples of
 * the golden ratio.
 */
function chosenRows(count: number, share: number): boolean[] {
  const ratio = (Math.sqrt(5) - 1) / 2;
  return Array.from({ length: count }, (_, i) => (i * ratio) % 1 < share);
}

async function modelOf(engine: ValidatedEngineArgs) {
  // A calibration finds for itself what a server adds.
  const resolved = await resolveEngine({ ...engine, perfOverheads: "none" });
  const base = resolved.engine.perfModel;
  if (!(base instanceof StepPerfModel))
    throw new ConfigError([{ where: "", message: "a profile cannot be calibrated again" }]);
  return { ...resolved, base };
}

async function calibratePasses(
  passes: readonly MeasuredPass[],
  engine: ValidatedEngineArgs,
  share: number,
  source: string,
): Promise<Calibration> {
  const { base } = await modelOf(engine);
  const chosen = chosenRows(passes.length, share);
  const factors = fitPasses(
    base,
    passes.filter((_, i) => chosen[i]),
  );
  const model = new CalibratedPerfModel(base, factors, source);
  const judged = share === 1 ? passes : passes.filter((_, i) => !chosen[i]);
  const errors: Record<string, number> = {};
  for (const phase of ["prefill", "decode"] as const) {
    const off = judged
      .filter((pass) => pass.phase === phase)
      .map(({ requests, tokens, prefix, ms }) => {
        const ours = phase === "prefill" ? model.prefillMs(requests, tokens, prefix) : model.decodeMs(requests, tokens);
        return Math.abs(ours / ms - 1);
      })
      .toSorted((a, b) => a - b);
    if (off.length > 0) errors[phase] = off[off.length >> 1]!;
  }
  const fitted = chosen.filter(Boolean).length;
  return { factors, fit: { kind: "passes", source, fitted, heldOut: passes.length - fitted, errors } };
}

async function calibrateRun(
  { trace, measured }: { trace: Trace; measured: readonly RequestTimes[] },
  engine: ValidatedEngineArgs,
  numWorkers: number,
  share: number,
  source: string,
): Promise<Calibration> {
  const { engine: config, base } = await modelOf(engine);
  const run = (factors: CalibrationFactors) =>
    simulateRun(trace, { ...config, perfModel: new CalibratedPerfModel(base, factors, source) }, numWorkers);
  const chosen = chosenRows(trace.count, share);
  const factors = fitRun(run, measured, chosen);
  const judged = share === 1 ? chosen : chosen.map((isChosen) => !isChosen);
  const errors = runErrors(run(factors), measured, judged);
  const fitted = chosen.filter(Boolean).length;
  return { factors, fit: { kind: "runs", source, fitted, heldOut: trace.count - fitted, errors: { ...errors } } };
}

function text({ factors, fit }: CalibrationFile, out: string): string {
  const what = fit.kind === "passes" ? "median errors" : "errors of the means";
  const judged = fit.heldOut > 0 ? `${fit.heldOut} rows not fitted to` : "the rows fitted to";
  return (
    textTable([
      ["factor", "value"],
      ...Object.entries(factors).map(([name, value]: [string, number]) => [name, value.toFixed(4)]),
    ]) +
    `\nfitted to ${fit.fitted} rows of ${fit.source}; ${what} on ${judged}:\n` +
    textTable([
      ["", "error"],
      ...Object.entries(fit.errors).map(([name, error]) => [name, `${(error * 100).toFixed(2)} %`]),
    ]) +
    `\nwritten to ${out}; use it with the same aic_* arguments and "planner_profile_data": "${out}"\n`
  );
}
