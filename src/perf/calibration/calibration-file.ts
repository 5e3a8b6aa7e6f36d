import { readFile } from "node:fs/promises";
import { fileErrorText } from "../../config/document.ts";
import type { Deployment } from "../deployment.ts";
import { ProfileError } from "../profile/profile-error.ts";
import type { CalibrationFactors } from "./calibrated-perf-model.ts";
import { neutralFactors } from "./calibrated-perf-model.ts";

/** What a calibration was fitted to and how well. */
export interface CalibrationFit {
  /** "passes" or "runs". */
  readonly kind: "passes" | "runs";
  readonly source: string;
  /** Rows fitted to, and rows kept aside to judge the fit. */
  readonly fitted: number;
  readonly heldOut: number;
  /** Relative errors on the rows kept aside (passes: medians by phase; runs: of the means). */
  readonly errors: Readonly<Record<string, number>>;
}

/** A calibration as it is stored. */
export interface CalibrationFile {
  readonly kind: "windtunnel-calibration";
  readonly version: 1;
  readonly deployment: {
    readonly model: string;
    readonly system: string;
    readonly backend: string;
    readonly tp: number;
  };
  readonly factors: CalibrationFactors;
  readonly fit: CalibrationFit;
}

/** What a calibration says it is for. */
export function calibrationDeployment({
  model,
  gpu,
  backend,
  tensorParallelSize,
}: Deployment): CalibrationFile["deployment"] {
  return { model: model.name, system: gpu.name, backend, tp: tensorParallelSize };
}

/** Reads a calibration. @throws ProfileError when it is none or a factor is missing or negative */
export async function readCalibration(path: string): Promise<CalibrationFile> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new ProfileError(`${path}: ${fileErrorText(error)}`);
  }
  const file = parsed as Partial<CalibrationFile> | null;
  if (file?.kind !== "windtunnel-calibration" || file.version !== 1) {
    throw new ProfileError(`${path}: not a calibration of windtunnel perf calibrate (kind, version 1)`);
  }
  for (const name of Object.keys(neutralFactors) as (keyof CalibrationFactors)[]) {
    const value: unknown = file.factors?.[name];
    if (typeof value !== "number" || !(value >= 0) || !Number.isFinite(value)) {
      throw new ProfileError(
        `${path}: factors.${name}: found ${JSON.stringify(value)}, expected a number of at least 0`,
      );
    }
  }
  return file as CalibrationFile;
}
