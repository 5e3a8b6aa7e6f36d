import { ConfigError } from "../../config/config-error.ts";
import type { ValidatedEngineArgs } from "../../config/validated-engine-args.ts";
import { resolveEngine } from "../../config/resolve-engine.ts";
import { measuredRun } from "../../perf/calibration/measured-run.ts";
import type { RequestTimes, RunErrors } from "../../perf/calibration/fit-runs.ts";
import { runErrors } from "../../perf/calibration/fit-runs.ts";
import type { CheckedFile, ComparedRow } from "../../perf/check/check-file.ts";
import type { TruthTable } from "../../perf/check/truth-table.ts";
import { simulateRun } from "./simulate-run.ts";

/** Whether a file holds a measured run, request by request. */
export function holdsRun(table: TruthTable): boolean {
  return table.columns.includes("first_token_ms") && table.columns.includes("last_token_ms");
}

/** A measured run beside its simulation: single requests, and the errors of the means. */
export interface CheckedRun extends CheckedFile {
  readonly means: RunErrors;
}

/**
 * Simulates a measured run from its engine's arguments and compares every request: phases ttft, tpot and latency.
 * @throws ConfigError without `aic_*` arguments
 */
export async function checkRun(table: TruthTable, args: ValidatedEngineArgs, workers: number): Promise<CheckedRun> {
  const { aic } = args;
  if (aic === null && args.plannerProfileData === null) {
    throw new ConfigError([
      {
        where: "",
        message: "a measured run needs --backend, --system and --model (or aic_* in --extra-engine-args)",
      },
    ]);
  }
  const { trace, measured } = measuredRun(table);
  const { engine } = await resolveEngine(args);
  const simulated = simulateRun(trace, engine, workers);
  const rows: ComparedRow[] = [];
  const add = (phase: string, field: keyof RequestTimes) => {
    for (const [i, one] of measured.entries()) {
      const truth = one[field];
      const answer = simulated[i]![field];
      if (Number.isNaN(truth) || Number.isNaN(answer)) continue;
      const named = { model: aic?.modelPath ?? "", system: aic?.system ?? "", backend: aic?.backend ?? "" };
      const what = `${table.path}:${i + 2} ${phase}`;
      rows.push({ ...named, phase, what, truth, answer, error: Math.abs(answer / truth - 1) });
    }
  };
  add("ttft", "ttftMs");
  add("tpot", "tpotMs");
  add("latency", "latencyMs");
  return {
    rows,
    skipped: new Map(),
    means: runErrors(
      simulated,
      measured,
      measured.map(() => true),
    ),
  };
}
